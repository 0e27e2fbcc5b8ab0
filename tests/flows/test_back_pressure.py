"""One merchant's flood before a real web server of two processes with four threads each."""

import json
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest
from django.db import transaction

from analytics.models import Counting, Event
from portal.local_stack.children import Child
from portal.local_stack.supervisor import Supervisor
from portal.models import ApiKey, Scope
from tests.events import resolved
from tests.servers import addresses

pytestmark = [pytest.mark.flow, pytest.mark.django_db(transaction=True)]

LOCK_SECONDS = 3
PER_KEY = 20
EVENTS = resolved().events


class Web:
    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def send(self, key: str, events: list) -> tuple[int, dict, str | None]:
        """Status, body, Retry-After."""
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/api/v1/events", json.dumps(events).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer), None
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error), error.headers["Retry-After"]

    def wait(self) -> None:
        for _ in range(600):
            with suppress(OSError), urllib.request.urlopen(f"{self.url}/healthz"):
                return
            time.sleep(0.05)
        raise AssertionError("the web server does not answer")


@pytest.fixture(scope="module")
def web(django_db_setup, tmp_path_factory):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "portal.wsgi", "--bind", f"127.0.0.1:{port}", "--log-level", "warning"]
    command += ["--workers", "2", "--threads", "4", "--preload", "--graceful-timeout", "1"]
    limits = {"INGEST_REQUESTS_PER_KEY": str(PER_KEY), "WEB_LOCK_SECONDS": str(LOCK_SECONDS)}
    log: Path = tmp_path_factory.mktemp("web") / "web.log"
    supervisor = Supervisor(grace_seconds=5)
    try:
        supervisor.start(Child("web", command, {**addresses(), **limits}, log=log))
        server = Web(port)
        server.wait()
        yield server
    finally:
        supervisor.stop()


def make_key(merchant) -> str:
    return ApiKey.create(merchant, name="agent", scopes=[Scope.INGEST])[1]


def test_the_limit_is_one_for_both_processes(web, merchant):
    key = make_key(merchant)
    found: list[int] = []
    began = time.monotonic()
    senders = [
        threading.Thread(target=lambda: found.extend(web.send(key, [])[0] for _ in range(PER_KEY))) for _ in range(2)
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    refilled = (time.monotonic() - began) * PER_KEY / 60
    assert PER_KEY <= found.count(200) <= PER_KEY + refilled
    assert found.count(429) == len(found) - found.count(200)


def test_a_flood_of_one_merchant_leaves_threads_for_the_others(web, merchant, other_merchant):
    flooding, other = make_key(merchant), make_key(other_merchant)
    answers: list[tuple[int, dict, str | None]] = []
    with transaction.atomic():
        Counting.lock(merchant)  # as a recount holds it
        flood = [threading.Thread(target=lambda: answers.append(web.send(flooding, EVENTS))) for _ in range(16)]
        for each in flood:
            each.start()
        status, body, _ = web.send(other, EVENTS)
        assert (status, body["accepted"]) == (200, len(EVENTS))
        assert any(each.is_alive() for each in flood)  # who waits for the lock does so still
        for each in flood:
            each.join()
    crowded = [body for status, body, _ in answers if status == 429]
    busy = [wait for status, _, wait in answers if status == 503]
    assert len(answers) == 16 == len(crowded) + len(busy)
    assert len(crowded) >= 12  # two wait in each process
    assert "2 batches of this merchant are being taken already" in crowded[0]["detail"]
    assert set(busy) == {"5"}
    assert not Event.objects.for_merchant(merchant).exists()

    assert web.send(make_key(merchant), EVENTS)[0] == 200
    assert Event.objects.for_merchant(merchant).count() == len(EVENTS)
