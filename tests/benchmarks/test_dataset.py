"""The generated data set is what ingest would have written: a small one is ingested anew and every row compared."""

from datetime import UTC, date, datetime

import pytest
from django.db import connection

from analytics.ingest import ingest_events
from analytics.measures import COUNTERS, HISTOGRAMS
from analytics.models import Conversation, Event, Message, Rollup
from analytics.recount import reconcile
from portal.models import Merchant
from tests.benchmarks.dataset import build_dataset

ANCHOR = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.mark.django_db(transaction=True)
def test_generated_rows_are_those_of_ingest():
    build_dataset(12_000, anchor=ANCHOR, n_merchants=3, n_stories=600)
    merchants = list(Merchant.objects.order_by("pk"))
    n_open = Conversation.objects.filter(outcome="open").count()
    n_back = Conversation.objects.exclude(recontacted_at=None).count()
    assert n_open
    assert n_back > 20
    for merchant in merchants:
        assert_same(merchant, ingest_again(merchant))
        checked = reconcile(merchant, now=NOW)
        assert (checked.n_conversations_changed, checked.n_buckets_changed) == (0, 0), checked.differences


def ingest_again(merchant: Merchant) -> Merchant:
    """A merchant with the same settings that gets the same events by the front door."""
    twin = Merchant.objects.create(slug=f"{merchant.slug}-twin", name="Twin", timezone=merchant.timezone)
    rows = Event.objects.for_merchant(merchant).order_by("occurred_at", "id")
    events = [
        {
            "id": str(row.id),
            "type": row.type,
            "conversation_id": row.thread,
            "occurred_at": row.occurred_at.isoformat(),
            "channel": row.channel,
            "data": row.data,
        }
        for row in rows
    ]
    for start in range(0, len(events), 1000):
        result = ingest_events(twin, events[start : start + 1000], now=NOW)
        assert (result.rejected, result.duplicates) == ([], 0)
    return twin


def assert_same(merchant: Merchant, twin: Merchant) -> None:
    own = {"id", "merchant_id", "conversation_id", "updated_at", "received_at"}
    for model, order in (
        (Conversation, ["thread", "episode"]),
        (Message, ["event_id"]),
        (Event, ["id"]),
    ):
        names = [field.column for field in model._meta.concrete_fields if field.column not in own]
        made, told = (
            list(model.objects.for_merchant(each).order_by(*order).values(*names)) for each in (merchant, twin)
        )
        assert made == told, model
        assert made
    made, told = (rollups(each) for each in (merchant, twin))
    assert made == told
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM analytics_message m JOIN analytics_conversation c ON c.id = m.conversation_id "
            "WHERE m.merchant_id <> c.merchant_id"
        )
        assert cursor.fetchone() == (0,)


def rollups(merchant: Merchant) -> list:
    rows = Rollup.objects.for_merchant(merchant).order_by("hour", "channel", "language", "agent_version")
    return [
        tuple(map(str, row))
        for row in rows.values_list("hour", "channel", "language", "agent_version", *COUNTERS, *HISTOGRAMS)
    ]
