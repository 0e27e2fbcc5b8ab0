"""Events by HTTP against the physical limit: a bare COPY of the same events into the same indexed table.

The clients are real ones, on loopback, and an answer comes after the commit of events, messages, conversations and
rollups. COPY runs before and after; the faster run is the limit. Nothing here asserts a time.
"""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from statistics import median, quantiles
from time import perf_counter

import pytest
from django.db import connection, transaction

from analytics.recount import reconcile
from portal.models import Merchant
from reporting.demo.stream import build_events
from tests.benchmarks.report import describe, record
from tests.benchmarks.served import Sender, Served, make_merchant, send_at_once, serve
from tests.events import Chat

N_EVENTS = int(os.environ.get("BENCH_INGEST_EVENTS", "40000"))
N_CLIENTS = 4
LARGE, SMALL = 1000, 100
COLUMNS = "merchant_id, occurred_at, id, type, channel, thread, data, received_at"
NOW = datetime.now(UTC)
_numbers = count(1)


@pytest.fixture(scope="module")
def served(tmp_path_factory, django_db_blocker) -> Iterator[Served]:
    with django_db_blocker.unblock(), serve(tmp_path_factory.mktemp("ingest")) as running:
        yield running


@pytest.fixture(scope="module")
def events() -> list[dict]:
    """A shop with 270 conversations a day; one after the other as they occurred."""
    stream = build_events(NOW.date(), days=30, total=8000)
    return stream[-N_EVENTS:]


def new_merchant() -> tuple[Merchant, str]:
    return make_merchant(f"shop-{next(_numbers)}")


def batches(events: list[dict], size: int) -> list[bytes]:
    return [json.dumps(events[start : start + size]).encode() for start in range(0, len(events), size)]


def copy(events: list[dict]) -> float:
    """Events per second, committed every thousand like the batches."""
    merchant, _ = new_merchant()
    rows = [
        tuple(
            map(
                str,
                (
                    merchant.pk,
                    event["occurred_at"],
                    event["id"],
                    event["type"],
                    event["channel"],
                    event["conversation_id"],
                    json.dumps(event["data"]),
                    NOW,
                ),
            )
        )
        for event in events
    ]
    started = perf_counter()
    for start in range(0, len(rows), LARGE):
        with (
            transaction.atomic(),
            connection.cursor() as cursor,
            cursor.copy(f"COPY analytics_event ({COLUMNS}) FROM STDIN") as writer,
        ):
            for row in rows[start : start + LARGE]:
                writer.write_row(row)
    return len(rows) / (perf_counter() - started)


def send(served: Served, events: list[dict], *, clients: int, merchants: int, size: int) -> tuple[float, list[Sender]]:
    """Events per second. The batches go round: the next one is the next client's."""
    bodies = batches(events, size)
    owners = [new_merchant() for _ in range(merchants)]
    senders = [Sender(served.port, owners[number % merchants][1], bodies[number::clients]) for number in range(clients)]
    rate = len(events) / send_at_once(senders)
    assert sum(sender.n_accepted for sender in senders) == len(events)
    for merchant, _ in owners:
        found = reconcile(merchant, now=NOW + timedelta(minutes=1))
        assert (found.n_conversations_changed, found.n_buckets_changed) == (0, 0), found.differences
    return rate, senders


def test_batches_of_a_thousand(served, events):
    describe("Ingest", f"{len(events):,} events on a PostgreSQL of its own with fsync on; gunicorn as in make run")
    send(served, events[:5000], clients=N_CLIENTS, merchants=N_CLIENTS, size=LARGE)
    limits = [copy(events)]
    rates = {
        "one client": send(served, events, clients=1, merchants=1, size=LARGE)[0],
        "four clients of four merchants": send(served, events, clients=N_CLIENTS, merchants=N_CLIENTS, size=LARGE)[0],
        "four clients of one merchant": send(served, events, clients=N_CLIENTS, merchants=1, size=LARGE)[0],
    }
    limits.append(copy(events))
    limit = max(limits)
    record(section="Ingest", name="bare COPY into the indexed table", value=limit, unit="events/s")
    for clients, rate in rates.items():
        record(section="Ingest", name=f"HTTP, batches of 1,000, {clients}", value=rate, unit="events/s")
        record(
            section="Ingest",
            name=f"HTTP ÷ COPY, {clients}",
            value=100 * rate / limit,
            unit="%",
            target="≥ 30",
        )


@pytest.mark.parametrize("merchants", [N_CLIENTS, 1])
def test_batches_of_a_hundred_from_four_clients(served, events, merchants):
    rate, senders = send(served, events[:20_000], clients=N_CLIENTS, merchants=merchants, size=SMALL)
    seconds = [each for sender in senders for each in sender.seconds]
    whose = "four merchants" if merchants > 1 else "one merchant"
    percentiles = quantiles(seconds, n=100)
    named = f"HTTP, batches of 100, four clients of {whose}"
    record(section="Ingest", name=f"{named}: p99", value=percentiles[98] * 1000, unit="ms", target="< 150")
    record(section="Ingest", name=f"{named}: median", value=percentiles[49] * 1000, unit="ms")
    record(section="Ingest", name=f"{named}: rate", value=rate, unit="events/s")
    n_postponed = sum(sender.n_postponed for sender in senders)
    record(section="Ingest", name=f"{named}: told to come back", value=n_postponed, unit="times")


def test_a_message_in_a_thread_without_end(served):
    """50,000 events, 10,000 conversations, one thread; against the same message in a thread of its own."""
    _, key = new_merchant()
    start = NOW - timedelta(days=390)
    visits = [
        Chat("endless", at=start + timedelta(minutes=55 * number))
        .start(customer_id="ann")
        .ask()
        .answer()
        .resolve()
        .rate(5)
        for number in range(10_000)
    ]
    send_at_once([Sender(served.port, key, batches([event for visit in visits for event in visit.events], 5000))])
    times = [NOW - timedelta(minutes=300 - number) for number in range(100)]
    medians = {}
    for name in ("endless", "new"):
        bodies = [
            body
            for number, at in enumerate(times)
            for body in batches(Chat(name if name == "endless" else f"new-{number}", at=at).ask().answer().events, 2)
        ]
        sender = Sender(served.port, key, bodies)
        send_at_once([sender])
        medians[name] = median(sender.seconds)
    in_thread = "HTTP, one question and answer in a thread of 50,000 events"
    record(section="Ingest", name=f"{in_thread}: median", value=medians["endless"] * 1000, unit="ms")
    record(section="Ingest", name=f"{in_thread} ÷ in a new one", value=medians["endless"] / medians["new"], unit="")
