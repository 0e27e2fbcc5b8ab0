"""The rate of ingest against the physical limit: a bare COPY of the same events into the same indexed table."""

import json
import time
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction

from reporting.demo.stream import build_events

BATCH = 1000
N_EVENTS = 20_000
COLUMNS = "merchant_id, occurred_at, id, type, channel, thread, data, received_at"


@pytest.fixture
def events():
    return build_events(datetime(2026, 11, 23, tzinfo=UTC).date())[:N_EVENTS]


def ingest(merchant, events) -> float:
    """Events per second, from the request's body to committed events, conversations, messages and rollups."""
    from analytics.body import decode_body
    from analytics.ingest import ingest_events

    bodies = [json.dumps(events[start : start + BATCH]).encode() for start in range(0, len(events), BATCH)]
    started = time.perf_counter()
    for body in bodies:
        raw = decode_body(body, content_type="application/json", encoding="")
        assert not ingest_events(merchant, raw, now=datetime(2026, 11, 23, tzinfo=UTC)).rejected
    return len(events) / (time.perf_counter() - started)


def copy(merchant, events) -> float:
    received_at = datetime(2026, 11, 23, tzinfo=UTC)
    rows = [
        (
            merchant.pk,
            event["occurred_at"],
            event["id"],
            event["type"],
            event["channel"],
            event["conversation_id"],
            json.dumps(event["data"]),
            received_at,
        )
        for event in events
    ]
    started = time.perf_counter()
    for start in range(0, len(rows), BATCH):
        with (
            transaction.atomic(),
            connection.cursor() as cursor,
            cursor.copy(f"COPY analytics_event ({COLUMNS}) FROM STDIN") as writer,
        ):
            for row in rows[start : start + BATCH]:
                writer.write_row(row)
    return len(rows) / (time.perf_counter() - started)


@pytest.mark.django_db(transaction=True)
def test_ingest_against_copy(merchant, other_merchant, events):
    limit = copy(other_merchant, events)
    rate = ingest(merchant, events)
    print(f"\ningest {rate:,.0f} events/s, COPY {limit:,.0f} events/s: {rate / limit:.1%} of the limit")
    assert rate > 0
