"""The product as `make run` serves it: a PostgreSQL that waits for the disk, and gunicorn with its own settings."""

import http.client
import json
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import psycopg
from django.core.management import call_command
from django.db import connection

from portal.local_stack.postgres_server import database_url, postgres_child, wait_for_postgres
from portal.local_stack.run import free_port, web
from portal.local_stack.supervisor import Supervisor
from portal.models import ApiKey, Merchant, Scope

HOST = "127.0.0.1"
SECONDS_TO_ANSWER = 60


@dataclass(frozen=True, slots=True)
class Served:
    port: int
    gunicorn: "subprocess.Popen[bytes]"
    database_url: str


@contextmanager
def serve(home: Path) -> Iterator[Served]:
    """Meanwhile Django's connection in this process leads to the server's database too."""
    supervisor, settings = Supervisor(), connection.settings_dict
    before = {name: settings[name] for name in ("NAME", "HOST")}
    connection.close()
    try:
        cluster, log = home / "postgres", home / "postgres.log"
        wait_for_postgres(cluster, supervisor.start(postgres_child(cluster, log)), log)
        url = database_url(cluster)
        with psycopg.connect(url) as server:
            settings.update(NAME=server.info.dbname, HOST=server.info.host)
        call_command("migrate", verbosity=0)
        with answering(url, home / "web.log") as served:
            yield served
    finally:
        connection.close()
        settings.update(before)
        supervisor.stop()


@contextmanager
def answering(url: str, log: Path) -> Iterator[Served]:
    """gunicorn on the database at `url`."""
    supervisor, port = Supervisor(), free_port()
    try:
        gunicorn = supervisor.start(replace(web(HOST, port), environment={"DATABASE_URL": url}, log=log))
        _wait_for_answer(port)
        yield Served(port, gunicorn, url)
    finally:
        supervisor.stop()


def _wait_for_answer(port: int) -> None:
    deadline = time.monotonic() + SECONDS_TO_ANSWER
    while time.monotonic() < deadline:
        with closing(http.client.HTTPConnection(HOST, port, timeout=5)) as client:
            try:
                client.request("GET", "/healthz")
                if client.getresponse().status == 200:
                    return
            except OSError:
                time.sleep(0.1)
    raise AssertionError("the web server does not answer")


def make_merchant(slug: str) -> tuple[Merchant, str]:
    """With a key that may send events."""
    merchant = Merchant.objects.create(slug=slug, name=slug, timezone="Europe/Berlin")
    _row, key = ApiKey.create(merchant, name="benchmark", scopes=[Scope.INGEST])
    return merchant, key


@dataclass(slots=True)
class Sender:
    """One client on one connection: posts its bodies one after the other and notes how long each took."""

    port: int
    key: str
    bodies: Iterable[bytes]
    seconds: list[float] = field(default_factory=list)
    n_accepted: int = 0
    n_postponed: int = 0

    def send(self) -> None:
        with closing(http.client.HTTPConnection(HOST, self.port, timeout=60)) as client:
            for body in self.bodies:
                started = time.perf_counter()
                answer = self._post(client, body)
                self.seconds.append(time.perf_counter() - started)
                assert answer["rejected"] == [], answer["rejected"][:3]
                self.n_accepted += answer["accepted"]

    def _post(self, client: http.client.HTTPConnection, body: bytes) -> dict:
        """Comes back when told to; the wait counts."""
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        while True:
            client.request("POST", "/api/v1/events", body, headers)
            answer = client.getresponse()
            text = answer.read()
            if answer.status == 200:
                return json.loads(text)
            assert answer.status in (429, 503), text
            self.n_postponed += 1
            time.sleep(float(answer.headers["Retry-After"]))


def send_at_once(senders: Sequence[Sender]) -> float:
    """Seconds until all are done."""
    started = time.perf_counter()
    with ThreadPoolExecutor(len(senders)) as pool:
        for finished in [pool.submit(sender.send) for sender in senders]:
            finished.result()
    return time.perf_counter() - started
