"""`make run` for real: it starts, answers, stops without a process left, and keeps its data through kill -9."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil
import pytest

from portal.local_stack.addresses import PROJECT_ROOT
from portal.local_stack.sockets import LONGEST_PATH, socket_directory

pytestmark = pytest.mark.flow
SECONDS_TO_START = 60


class Stack:
    """The stack of one run directory, as a person at a terminal sees it."""

    def __init__(self, home: Path, **environment: str) -> None:
        self.home, self.port = home, free_port()
        outside = {"DATABASE_URL", "REDIS_URL", "SITE_URL", "MAKELEVEL"}
        self.environment = {name: value for name, value in os.environ.items() if name not in outside}
        self.environment |= {"AFTERCARE_VAR": str(home), "PYTHONUNBUFFERED": "1"} | environment

    def start(self) -> float:
        """Seconds until it says where it runs; by then it answers."""
        began = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "portal.local_stack", "run", "--no-demo", "--port", str(self.port)],
            cwd=PROJECT_ROOT, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self.said = ""
        for line in self.process.stdout:
            self.said += line
            if line.startswith("Aftercare runs at"):
                return time.monotonic() - began
            assert time.monotonic() - began < SECONDS_TO_START, self.said
        raise AssertionError(self.said)

    def refused(self, *arguments: str) -> tuple[int, str]:
        command = [
            sys.executable,
            "-m",
            "portal.local_stack",
            *(arguments or ("run", "--no-demo", "--port", str(self.port))),
        ]
        done = subprocess.run(
            command, cwd=PROJECT_ROOT, env=self.environment, capture_output=True, text=True, timeout=30, check=False
        )
        assert done.stdout == ""
        return done.returncode, done.stderr.strip()

    def stop(self, sent: signal.Signals) -> float:
        began = time.monotonic()
        self.process.send_signal(sent)
        self.process.communicate(timeout=30)
        return time.monotonic() - began

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=PROJECT_ROOT, env=self.environment, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    def processes(self) -> list[psutil.Process]:
        """All that this stack started, found by what they have of it: its folder, its port or its environment."""
        return [each for each in psutil.process_iter() if each.pid != os.getpid() and self._owns(each)]

    def _owns(self, process: psutil.Process) -> bool:
        try:
            command = " ".join(process.cmdline())
            return (
                str(self.home) in command
                or f":{self.port}" in command
                or process.environ().get("AFTERCARE_VAR") == str(self.home)
            )
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            return False


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture
def stack(tmp_path):
    stack = Stack(tmp_path / "var")
    yield stack
    for process in stack.processes():
        process.kill()
    if hasattr(stack, "process"):
        stack.process.communicate()


def wait_until_gone(stack: Stack, *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while left := stack.processes():
        assert time.monotonic() < deadline, left
        time.sleep(0.1)


def test_a_day_of_the_stack(stack):
    stack.start()
    assert f"http://localhost:{stack.port}" in stack.said
    assert "\033" not in stack.said
    with urllib.request.urlopen(f"http://127.0.0.1:{stack.port}/") as page:
        assert b'type="password"' in page.read()

    made = stack.manage("shell", "-c", "from portal.models import *; Merchant.objects.create(slug='a', name='Kept')")
    assert made.returncode == 0, made.stderr

    code, said = stack.refused()
    assert code == 1
    assert re.fullmatch(r"Aftercare already runs from this copy: process \d+ at http://localhost:\d+\. Stop .*", said)

    assert len(stack.processes()) >= 8  # stack, PostgreSQL, Redis, web and two, worker, scheduler
    stack.stop(signal.SIGKILL)
    wait_until_gone(stack, seconds=15)

    stack.start()
    kept = stack.manage("shell", "-v0", "-c", "from portal.models import *; print(Merchant.objects.get(slug='a'))")
    assert kept.stdout.strip() == "Kept", kept.stderr

    stack.stop(signal.SIGINT)
    assert stack.process.returncode == 0
    assert stack.processes() == []

    refused = stack.manage("showmigrations")
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    assert refused.stderr.splitlines()[-1].startswith("No database: start the stack with `make run`")


def test_sigterm_stops_it_while_it_starts(stack):
    process = subprocess.Popen(
        [sys.executable, "-m", "portal.local_stack", "run", "--no-demo", "--port", str(stack.port)],
        cwd=PROJECT_ROOT, env=stack.environment, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + 30
    while not (stack.home / "addresses.json").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.terminate()

    assert process.wait(20) == 0
    assert stack.processes() == []


def test_a_taken_port_is_one_line_that_names_the_fix(stack):
    with socket.create_server(("127.0.0.1", stack.port)):
        code, said = stack.refused()

    assert code == 1
    assert re.fullmatch(rf"Port {stack.port} is in use\. Choose another: make run PORT=\d+", said)


@pytest.mark.parametrize(
    ("variable", "url", "named"),
    [
        ("DATABASE_URL", "postgresql://shop:s3cret@127.0.0.1:1/aftercare", ": no PostgreSQL at 127.0.0.1:1/aftercare"),
        ("REDIS_URL", "redis://:s3cret@127.0.0.1:1/0", ": no Redis at 127.0.0.1:1/0"),
        ("DATABASE_URL", "mysql://shop:s3cret@127.0.0.1/aftercare", " must begin with postgresql://"),
        ("DATABASE_URL", "postgresql://shop:s3cret@127.0.0.1:port/aftercare", ": no PostgreSQL at 127.0.0.1:port"),
        ("REDIS_URL", "s3cret", " must begin with redis://"),
        ("REDIS_URL", "redis://:s3cret@127.0.0.1:port", ": no Redis at 127.0.0.1:port"),
    ],
)
def test_a_given_server_that_does_not_answer_is_one_line_without_password(tmp_path, variable, url, named):
    code, said = Stack(tmp_path / "var", **{variable: url}).refused()

    assert code == 1
    assert len(said.splitlines()) == 1
    assert said.startswith(f"{variable}{named}")
    assert "s3cret" not in said


def test_exec_lends_the_servers_to_one_command(stack):
    code, said = stack.refused(
        "exec", "--", sys.executable, "-c", "import os, sys; sys.exit(os.environ['DATABASE_URL'])"
    )

    assert code == 1
    assert "postgresql://postgres@/aftercare?host=/" in said
    assert stack.processes() == []


def test_a_long_path_gets_a_short_private_socket_folder(tmp_path):
    short, long = tmp_path / "a", tmp_path / ("b" * 100)

    assert socket_directory(short, owner=os.geteuid()) == short
    found = socket_directory(long, owner=os.geteuid())
    try:
        assert len(str(found)) < LONGEST_PATH - 20
        assert found.stat().st_mode & 0o777 == 0o700
        assert found == socket_directory(long, owner=os.geteuid())
    finally:
        found.rmdir()
