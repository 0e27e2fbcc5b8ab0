"""The servers of a test run: PostgreSQL and Redis in the run directory, and a real Celery worker for the flows.

conftest.py imports this first, before anything reads the settings, which find both in the environment. DATABASE_URL or
REDIS_URL given from outside win. Data is thrown away with every run, so nothing waits for the disk.
"""

import atexit
import fcntl
import itertools
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import django
import pytest
import redis
from django.conf import settings
from django.db import connection

from portal.local_stack.addresses import run_directory
from portal.local_stack.children import Child
from portal.local_stack.errors import StackError
from portal.local_stack.postgres_server import database_url, end_leftover, postgres_child, wait_for_postgres
from portal.local_stack.redis_server import redis_child, redis_url, wait_for_redis
from portal.local_stack.supervisor import Supervisor

FOR_SPEED = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200")


def start_servers() -> None:
    home = claim_home()
    supervisor = Supervisor()
    atexit.register(supervisor.stop)
    if "DATABASE_URL" not in os.environ:
        try:
            start_postgres(supervisor, home)
        except StackError:  # written without fsync: a crash of the machine may have spoiled it
            shutil.rmtree(home / "postgres")
            start_postgres(supervisor, home)
        os.environ["DATABASE_URL"] = database_url(home / "postgres")
        os.environ["OWN_TEST_POSTGRES"] = "1"
    if "REDIS_URL" not in os.environ:
        wait_for_redis(home / "redis", supervisor.start(redis_child(home / "redis", home / "redis.log")), home)
        os.environ["REDIS_URL"] = redis_url(home / "redis")
        with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
            client.flushall()  # the next run gives the same ids to other merchants


def claim_home() -> Path:
    """A folder of its own for each run at the same time. The lock lasts as long as this process."""
    for number in itertools.count(1):
        home = run_directory() / "tests" / str(number)
        home.mkdir(parents=True, exist_ok=True)
        lock = os.open(home / "lock", os.O_CREAT | os.O_WRONLY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
        else:
            return home
    raise AssertionError


def start_postgres(supervisor: Supervisor, home: Path) -> None:
    log = home / "postgres.log"
    end_leftover(home / "postgres")
    child = postgres_child(home / "postgres", log, options=FOR_SPEED, sync=False)
    wait_for_postgres(home / "postgres", supervisor.start(child), log)


# Small matrices on as many threads as there are cores, in as many processes: each waits for the others, spinning.
os.environ.setdefault("OMP_NUM_THREADS", "1")
if xdist_worker := os.environ.get("PYTEST_XDIST_WORKER"):
    # The controller started the servers. Databases get a suffix from pytest-django, Redis has numbered ones.
    os.environ["REDIS_URL"] = os.environ["REDIS_URL"].replace("db=0", f"db={int(xdist_worker[2:]) + 1}")
else:
    start_servers()
os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
django.setup()
# With this in their environment pytest-django reads the settings of xdist's processes before their Redis is numbered.
del os.environ["DJANGO_SETTINGS_MODULE"]


@pytest.fixture
def redis_server() -> str:
    """The URL of this run's Redis, emptied: tasks that earlier tests sent are gone."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()
    return settings.REDIS_URL


class Worker:
    """A Celery worker process on the test database. `wait_for` polls until what its tasks do can be seen."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.process, self.log = process, log

    def wait_for(self, condition: Callable[[], object], *, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, f"nothing within {seconds} s; the worker says:\n{self.log.read_text()}"
            time.sleep(0.05)


@pytest.fixture
def postbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """An SMTP server. Declared before `worker`, which inherits its address."""
    from tests.reporting.smtp import mail_server

    with mail_server() as box:
        monkeypatch.setenv("EMAIL_URL", f"smtp://127.0.0.1:{settings.EMAIL_PORT}")
        yield box


@pytest.fixture
def worker(transactional_db, redis_server: str, tmp_path: Path) -> Iterator[Worker]:
    """Live data needs transactional_db: a worker cannot see an open transaction."""
    supervisor = Supervisor(grace_seconds=2)
    try:
        yield start_worker(supervisor, tmp_path / "worker.log")
    finally:
        supervisor.stop()


def start_worker(supervisor: Supervisor, log: Path) -> Worker:
    command = [sys.executable, "-m", "celery", "--app", "portal", "--quiet", "worker", "--concurrency", "1"]
    command += ["--loglevel", "INFO", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    return Worker(supervisor.start(Child("worker", command, addresses(), log=log)), log)


def addresses() -> dict[str, str]:
    """The environment of a process that is to work on the test database."""
    path, _, query = os.environ["DATABASE_URL"].partition("?")
    name = connection.settings_dict["NAME"]
    return {"DATABASE_URL": f"{path.rpartition('/')[0]}/{name}?{query}", "REDIS_URL": settings.REDIS_URL}
