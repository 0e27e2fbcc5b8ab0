"""`make run`: servers, tables, demo, then web, worker and scheduler until Ctrl-C."""

import errno
import os
import socket
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress

from portal.local_stack.addresses import children_record, sign_in_file
from portal.local_stack.children import Child
from portal.local_stack.errors import StackError
from portal.local_stack.leftovers import end_leftovers
from portal.local_stack.lock import stack_lock
from portal.local_stack.servers import start_servers
from portal.local_stack.supervisor import Supervisor

SECONDS_TO_ANSWER = 60
CELERY = [sys.executable, "-m", "celery", "--app", "portal", "--quiet"]
WORKER_ENVIRONMENT = {
    "REMAP_SIGTERM": "SIGQUIT",  # running tasks get a few seconds, then go back to the queue
    "WORKER_SOFT_SHUTDOWN_SECONDS": "3",
    "PYTHONWARNINGS": "ignore:You're running the worker with superuser",  # on a machine of one's own
}


def run(host: str, port: int, *, demo: bool = True) -> None:
    """Returns never: raises KeyboardInterrupt at Ctrl-C or SIGTERM, StackError when something fails."""
    with stack_lock(f"at http://localhost:{port}"):
        supervisor = Supervisor(record=children_record())
        supervisor.listen()
        try:
            end_leftovers(children_record())
            require_free_port(host, port)
            url = f"http://localhost:{port}"
            os.environ.setdefault("SITE_URL", url)
            own_broker = "REDIS_URL" in start_servers(supervisor)
            run_manage_py(supervisor, "prepare_stack", *(["--own-broker"] if own_broker else []))
            supervisor.start(web(host, port))
            wait_for_answer(supervisor, f"http://{host}:{port}/healthz")
            if demo and not sign_in_file().exists():
                print(f"The pages are at {url} already.", flush=True)
                run_manage_py(supervisor, "greet")
            for child in (worker(), scheduler()):  # after the page, which somebody waits for
                supervisor.start(child)
            announce(url)
            supervisor.watch()
        finally:
            supervisor.stop()


def run_manage_py(supervisor: Supervisor, *arguments: str) -> None:
    command = [sys.executable, "manage.py", *arguments]
    supervisor.run_once(Child(arguments[0], command, {"LOG_LEVEL": os.environ.get("LOG_LEVEL", "WARNING")}))


def run_command(command: list[str]) -> None:
    """`exec`: a command with the servers up, those of the running stack or of its own for as long as it lasts."""
    if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
        os.execvp(command[0], command)  # noqa: S606
    with stack_lock("for a command"):
        supervisor = Supervisor(record=children_record())
        supervisor.listen()
        try:
            end_leftovers(children_record())
            start_servers(supervisor)
            supervisor.run_once(Child(command[0], command))
        finally:
            supervisor.stop()


def require_free_port(host: str, port: int) -> None:
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise StackError(f"Cannot listen on {host}, port {port}: {error.strerror}.") from error
        raise StackError(f"Port {port} is in use. Choose another: make run PORT={free_port()}") from error


def free_port() -> int:
    """Easy to type if it can be."""
    for port in range(8001, 8100):
        with suppress(OSError):
            socket.create_server(("", port)).close()
            return port
    with socket.create_server(("", 0)) as server:
        return int(server.getsockname()[1])


def web(host: str, port: int) -> Child:
    command = [sys.executable, "-m", "gunicorn", "portal.wsgi", "--bind", f"{host}:{port}", "--log-level", "warning"]
    command += ["--workers", "2", "--threads", "4", "--preload", "--graceful-timeout", "5"]
    return Child("web", command)


def worker() -> Child:
    command = [*CELERY, "worker", "--pool", "prefork", "--concurrency", "2", "--loglevel", "WARNING"]
    return Child("worker", [*command, "--without-gossip", "--without-mingle"], WORKER_ENVIRONMENT)


def scheduler() -> Child:
    return Child("scheduler", [*CELERY, "beat", "--loglevel", "WARNING", "--pidfile="])


def wait_for_answer(supervisor: Supervisor, url: str) -> None:
    deadline = time.monotonic() + SECONDS_TO_ANSWER
    while time.monotonic() < deadline:
        supervisor.pause(0.1)
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
    sign_in = f"\n{sign_in_file().read_text()}\n" if sign_in_file().exists() else ""
    print(f"\nAftercare runs at {url}{sign_in}\nCtrl-C stops it.\n", flush=True)
