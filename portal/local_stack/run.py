"""`make run`: servers, tables, demo, then web, worker and scheduler until Ctrl-C."""

import os
import socket
import sys
import time
import urllib.error
import urllib.request

from portal.local_stack.addresses import children_record
from portal.local_stack.children import Child
from portal.local_stack.errors import StackError
from portal.local_stack.lock import stack_lock
from portal.local_stack.servers import start_servers
from portal.local_stack.supervisor import Supervisor

SECONDS_TO_ANSWER = 60


def run(host: str, port: int) -> None:
    """Returns never: raises KeyboardInterrupt at Ctrl-C or SIGTERM, StackError when something fails."""
    with stack_lock():
        require_free_port(host, port)
        os.environ.setdefault("SITE_URL", f"http://localhost:{port}")
        supervisor = Supervisor(record=children_record())
        try:
            start_servers(supervisor)
            supervisor.run_once(Child("Preparing the database", [sys.executable, "-m", "portal.local_stack.prepare"]))
            for child in applications(host, port):
                supervisor.start(child)
            wait_for_answer(supervisor, f"http://{host}:{port}/healthz")
            announce(os.environ["SITE_URL"])
            supervisor.watch()
        finally:
            supervisor.stop()


def run_command(command: list[str]) -> None:
    """`exec`: a command with the servers up, those of the running stack or of its own for as long as it lasts."""
    if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
        os.execvp(command[0], command)  # noqa: S606
    with stack_lock():
        supervisor = Supervisor(record=children_record())
        try:
            start_servers(supervisor)
            supervisor.run_once(Child(command[0], command))
        finally:
            supervisor.stop()


def require_free_port(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise StackError(f"Port {port} is in use. Choose another: make run PORT={port + 1}") from error


def applications(host: str, port: int) -> list[Child]:
    web = [sys.executable, "-m", "gunicorn", "portal.wsgi", "--bind", f"{host}:{port}"]
    web += ["--workers", "2", "--threads", "4", "--graceful-timeout", "5", "--log-level", "warning"]
    celery = [sys.executable, "-m", "celery", "--app", "portal", "--quiet"]
    worker = [*celery, "worker", "--pool", "prefork", "--concurrency", "2", "--loglevel", "WARNING"]
    worker += ["--without-gossip", "--without-mingle"]
    scheduler = [*celery, "beat", "--loglevel", "WARNING", "--pidfile="]
    return [
        Child("web", web),
        # SIGTERM as SIGQUIT: running tasks get a few seconds, then go back to the queue.
        Child("worker", worker, {"REMAP_SIGTERM": "SIGQUIT", "WORKER_SOFT_SHUTDOWN_SECONDS": "3"}),
        Child("scheduler", scheduler),
    ]


def wait_for_answer(supervisor: Supervisor, url: str) -> None:
    deadline = time.monotonic() + SECONDS_TO_ANSWER
    while time.monotonic() < deadline:
        supervisor.show_output(0.1)
        supervisor.raise_if_ended()
        try:
            urllib.request.urlopen(url, timeout=5).close()  # noqa: S310
        except urllib.error.HTTPError as error:
            error.close()
            if error.code < 500:
                return
        except OSError:
            continue
        else:
            return
    raise StackError(f"The web server does not answer at {url}; see its lines above.")


def announce(url: str) -> None:
    print(f"\nAftercare runs at {url}\nCtrl-C stops it.\n", flush=True)
