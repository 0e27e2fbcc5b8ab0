"""How long after its acknowledgement an event is in the numbers, while a real web server takes 500 events a second.

After each acknowledged batch the next load, of the REST metrics and of the overview page in turn, must tell it.
"""

import http.client
import json
import re
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue
from statistics import median, quantiles

import pytest
from django.conf import settings
from django.test import Client

from portal.models import ApiKey, Membership, Merchant, Role, Scope, User
from tests.benchmarks.databases import used
from tests.benchmarks.report import record
from tests.benchmarks.served import HOST, answering
from tests.events import Chat, all_events

pytestmark = pytest.mark.usefixtures("unblocked")
RATE, CHATS_PER_BATCH, SECONDS = 500, 10, 20
EVENTS_PER_CHAT = 5
N_BATCHES = RATE * SECONDS // (CHATS_PER_BATCH * EVENTS_PER_CHAT)


@dataclass(slots=True)
class Poster:
    """Posts a batch every tenth of a second; `acknowledged` tells when, and how many conversations by then."""

    port: int
    key: str
    acknowledged: "SimpleQueue[tuple[float, int] | None]" = field(default_factory=SimpleQueue)
    n_begun: int = 0
    took: float = 0.0

    def post_all(self) -> None:
        try:
            started = time.perf_counter()
            with closing(http.client.HTTPConnection(HOST, self.port, timeout=60)) as client:
                for number in range(N_BATCHES):
                    due = started + number * SECONDS / N_BATCHES
                    time.sleep(max(0.0, due - time.perf_counter()))
                    self._post(client, number)
            self.took = time.perf_counter() - started
        finally:
            self.acknowledged.put(None)

    def _post(self, client: http.client.HTTPConnection, number: int) -> None:
        begun = datetime.now(UTC) - timedelta(minutes=10)
        chats = [
            Chat(f"fresh-{number}-{n}", at=begun).start(customer_id=f"c-{number}-{n}").ask().answer().rate(5).resolve()
            for n in range(CHATS_PER_BATCH)
        ]
        self.n_begun += CHATS_PER_BATCH
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        client.request("POST", "/api/v1/events", json.dumps(all_events(*chats)), headers)
        answer = client.getresponse()
        body = json.loads(answer.read())
        assert (answer.status, body.get("accepted")) == (200, CHATS_PER_BATCH * EVENTS_PER_CHAT), body
        self.acknowledged.put((time.perf_counter(), self.n_begun))


def test_acknowledged_events_are_in_the_next_load(large, tmp_path):
    with used(large.name):
        merchant = Merchant.objects.create(slug=f"fresh-{time.time_ns()}", name="Fresh", timezone="Europe/Berlin")
        try:
            _row, key = ApiKey.create(merchant, name="benchmark", scopes=[Scope.INGEST, Scope.READ])
            cookie = sign_in(merchant)
            with answering(large.url, tmp_path / "web.log") as served:
                poster = Poster(served.port, key)
                seconds, n_loads = watch(poster, merchant, cookie)
        finally:
            merchant.delete()
    section = f"Freshness, {RATE} events/s by HTTP into a table of {large.n_events:,}"
    n_sent = N_BATCHES * CHATS_PER_BATCH * EVENTS_PER_CHAT
    record(section=section, name="events sent", value=n_sent, unit="")
    record(section=section, name="reached rate", value=n_sent / poster.took, unit="events/s")
    record(section=section, name="page and API loads, each with all acknowledged events", value=n_loads, unit="")
    record(section=section, name="acknowledged to seen: median", value=median(seconds), unit="s")
    record(
        section=section, name="acknowledged to seen: p99", value=quantiles(seconds, n=100)[98], unit="s", target="< 1"
    )


def sign_in(merchant: Merchant) -> str:
    user, _ = User.objects.get_or_create(email="fresh@bench.example", defaults={"name": "Fred Fresh"})
    Membership.objects.create(merchant=merchant, user=user, role=Role.VIEWER)
    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def watch(poster: Poster, merchant: Merchant, cookie: str) -> tuple[list[float], int]:
    """Loads until all batches were acknowledged; → seconds from each acknowledgement to its load, number of loads."""
    seconds: list[float] = []
    n_loads = 0
    thread = threading.Thread(target=poster.post_all)
    thread.start()
    with closing(http.client.HTTPConnection(HOST, poster.port, timeout=60)) as client:
        while (first := poster.acknowledged.get()) is not None:
            waiting = [first]
            while not poster.acknowledged.empty() and (more := poster.acknowledged.get()) is not None:
                waiting.append(more)
            n_acknowledged = waiting[-1][1]
            load = load_page if n_loads % 2 else load_metrics
            shown = load(client, poster, merchant, cookie)
            now = time.perf_counter()
            assert any(n_acknowledged <= n <= poster.n_begun for n in shown), (n_acknowledged, shown)
            seconds += [now - at for at, _n in waiting]
            n_loads += 1
            if poster.acknowledged.empty() and not thread.is_alive():
                break
    thread.join()
    assert len(seconds) == N_BATCHES
    return seconds, n_loads


def load_metrics(client: http.client.HTTPConnection, poster: Poster, merchant: Merchant, cookie: str) -> list[int]:
    client.request("GET", "/api/v1/metrics/?period=7d", headers={"Authorization": f"Bearer {poster.key}"})
    return [json.loads(client.getresponse().read())["metrics"]["n_conversations"]["value"]]


def load_page(client: http.client.HTTPConnection, poster: Poster, merchant: Merchant, cookie: str) -> list[int]:
    """All whole numbers of the page: how it looks is not this test's business."""
    headers = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}"}
    client.request("GET", f"/{merchant.slug}/?period=7d", headers=headers)
    response = client.getresponse()
    html = response.read().decode()
    assert response.status == 200
    return [int(found.replace(",", "")) for found in re.findall(r">\s*(\d{1,3}(?:,\d{3})*)\s*<", html)]
