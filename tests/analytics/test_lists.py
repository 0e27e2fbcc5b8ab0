"""Every number equals the list of conversations behind it, whatever came in and whoever marked spam."""

from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics import recount
from analytics.filters import Filters
from analytics.ingest import ingest_events
from analytics.lists import LISTS
from analytics.metrics import METRICS, Unit
from analytics.models import Conversation
from analytics.queries import conversations, totals, unique_customers
from analytics.segments import EVERYTHING, Segment
from analytics.spam import decide_spam
from portal.models import Merchant
from portal.periods import parse_period
from tests.analytics import oracle
from tests.analytics.test_oracle import PLACES, THREADS, tell

CHANNELS = ["widget", "email", "voice"]
KINDS = ["7d", "30d", "90d", "week", "month", "quarter", "year"]
SUMS = {"n_messages", "input_tokens", "output_tokens"}


def spread_over_channels(events):
    """Each thread on one channel; a test and a greeting among them."""
    for event in events:
        number = int(event["conversation_id"].removeprefix("c-"))
        event["channel"] = CHANNELS[number % len(CHANNELS)]
        if event["type"] == "conversation.started" and number == 4:
            event["data"]["is_test"] = True
    return events


@pytest.mark.django_db
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    threads=THREADS,
    place=PLACES,
    kind=st.sampled_from(KINDS),
    later_days=st.sampled_from([0, 1, 8, 12]),
    n_spam=st.integers(0, 2),
)
def test_every_number_is_as_long_as_its_list(threads, place, kind, later_days, n_spam):
    zone_name, first = place
    merchant = Merchant.objects.create(slug=uuid4().hex, name="Lists", timezone=zone_name)
    events = spread_over_channels(tell(threads, first))
    now = max(oracle.at(event) for event in events) + timedelta(days=later_days, minutes=1)
    ingest_events(merchant, events, now=now)
    recount.end_idle_conversations(merchant, now=now)
    for row in Conversation.objects.for_merchant(merchant).exclude(exclusion="test").order_by("id")[:n_spam]:
        decide_spam(row, is_spam=True, by=None, now=now)

    period = parse_period({"period": kind}, zone=merchant.zone, now=now)
    for channel in ("", *CHANNELS):
        counted = totals(merchant, period, now=now, segment=Segment(channel=channel) if channel else EVERYTHING)
        for key, listed in LISTS.items():
            if listed.column:
                found = conversations(merchant, period, Filters(outcome=key, channel=channel), now=now)
                assert found.count() == getattr(counted, listed.column), (key, channel)
        check_metrics(merchant, period, counted, channel, now)
    known = conversations(merchant, period, Filters(outcome="known_customer"), now=now)
    assert unique_customers(merchant, period) == len(set(known.values_list("customer_id", flat=True)))


def check_metrics(merchant, period, counted, channel, now):
    """What a card links to is what the card counted."""
    for metric in METRICS.values():
        if metric.key in SUMS or not metric.is_in_totals:
            continue
        filters = Filters.from_query({**dict(metric.behind), "channel": channel})
        found = conversations(merchant, period, filters, now=now)
        if metric.ratio:
            assert found.count() == getattr(counted, metric.ratio).k, metric.key
        elif metric.histogram == "response_time":
            assert sum(len(row.response_ms) for row in found) == counted.response_time.n
        elif metric.histogram:
            assert found.count() == getattr(counted, metric.histogram).n, metric.key
        elif metric.unit is Unit.MONEY:
            assert found.count() == counted.n_with_cost
        else:
            assert found.count() == getattr(counted, metric.key), metric.key


def test_every_list_is_behind_a_number():
    """Columns are numbers of the totals, and every list that no column counts is behind a metric."""
    behind = {dict(metric.behind).get("outcome", "") for metric in METRICS.values()}
    uncounted = {key for key, listed in LISTS.items() if not listed.column}
    assert uncounted <= behind
    assert behind <= set(LISTS)
