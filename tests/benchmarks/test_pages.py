"""How long a reader of the largest of 20 merchants waits, with all events in the table and with a tenth of them."""

import os
from statistics import median

import pytest
from django.db import connection

from analytics.models import Conversation, Message, Rollup
from analytics.queries import data_to, totals
from portal.models import Merchant
from portal.periods import parse_period
from tests.benchmarks.databases import LARGEST, N_EVENTS, used
from tests.benchmarks.dataset import N_MERCHANTS, shares
from tests.benchmarks.reading import p95, ratio, time_over_http, time_views, window
from tests.benchmarks.report import describe, record
from tests.benchmarks.served import answering

pytestmark = pytest.mark.usefixtures("unblocked")
N_TURNS = int(os.environ.get("BENCH_TURNS", "40"))
# Filled in by reading.time_views.
PAGES = {
    "ROI page": "{merchant}roi/?{window}",
    "quality page": "{merchant}quality/?{window}",
    "gaps page": "{merchant}gaps/",
    "one gap": "{merchant}gaps/{gap}/",
    "conversations, first page": "{merchant}conversations/?{window}",
    "conversations, escalated by email": "{merchant}conversations/?{window}&outcome=escalated&channel=email",
    "conversations, text search": "{merchant}conversations/?{window}&text=refund",
    "one conversation": "{merchant}conversations/{conversation}/",
}
API = {
    "API: metrics with comparison": "/api/v1/metrics/?{window}",
    "API: series by day": "/api/v1/series/?{window}&metric=resolution_rate&step=day",
    "API: series by hour": "/api/v1/series/?{window}&metric=n_conversations&step=hour",
    "API: conversations, first page": "/api/v1/conversations/?{window}",
}


def test_the_data_set_is_told(sizes):
    for built in sizes:
        with used(built.name), connection.cursor() as cursor:
            merchant = Merchant.objects.get(slug=LARGEST)
            cursor.execute("SELECT count(*) FROM analytics_event")
            n_events = cursor.fetchone()[0]
            cursor.execute("SELECT pg_size_pretty(pg_database_size(current_database()))")
            size = cursor.fetchone()[0]
            n_rollups = Rollup.objects.for_merchant(merchant).count()
            text = (
                f"{n_events:,} events, {Conversation.objects.count():,} conversations, {Message.objects.count():,} "
                f"messages of {N_MERCHANTS} merchants over 395 days, {size}; the largest has {shares()[0]:.0%} of it, "
                f"5 channels, 4 languages, 8 agent versions, {n_rollups:,} hourly rollups"
            )
        describe(f"Data set of {built.n_events:,}", text)
        assert n_events == pytest.approx(built.n_events, rel=0.03)


def test_overview(sizes, large, tmp_path):
    found = time_views({"overview": "{merchant}?{window}"}, sizes, n=N_TURNS)
    small_times, times = (found["overview", built] for built in sizes)
    section = f"Overview of 90 days, largest merchant, {N_EVENTS:,} events"
    record(section=section, name="in the database: median", value=median(times.database), unit="ms")
    record(section=section, name="in the database: p95", value=p95(times.database), unit="ms", target="< 60")
    record(section=section, name="statements", value=times.n_queries, unit="")
    record(section=section, name="through the view: median", value=median(times.whole), unit="ms")
    record(section=section, name="through the view: p95", value=p95(times.whole), unit="ms", target="< 150")
    for name, own, other in (
        ("in the database", times.database, small_times.database),
        ("through the view", times.whole, small_times.whole),
    ):
        record(
            section=section, name=f"{name}: ÷ a tenth of the events", value=ratio(own, other), unit="", target="≤ 1.3"
        )
    with answering(large.url, tmp_path / "web.log") as served:
        times = time_over_http(served.port, sizes[large].browser, f"/{LARGEST}/?{window(large)}", n=N_TURNS)
    record(section=section, name="over HTTP from gunicorn: median", value=median(times), unit="ms")
    record(section=section, name="over HTTP from gunicorn: p95", value=p95(times), unit="ms", target="< 150")


def test_the_overview_counts_what_is_there(sizes):
    """What was timed is right: the total equals a plain count of conversations."""
    for built in sizes:
        with used(built.name):
            merchant = Merchant.objects.get(slug=LARGEST)
            query = dict(part.split("=") for part in window(built).split("&"))
            period = parse_period(query, zone=merchant.zone, now=data_to(merchant))
            plain = Conversation.objects.for_merchant(merchant).filter(
                started_at__gte=period.start, started_at__lt=period.end, exclusion=""
            )
            total = totals(merchant, period)
            assert total.n_conversations == plain.count() > 0
            assert total.n_resolved == plain.filter(outcome="resolved").count()


def test_other_pages(sizes, large):
    found = time_views(PAGES, sizes, n=max(3, N_TURNS // 3))
    section = f"Other pages, largest merchant, 90 days, {N_EVENTS:,} events"
    for name in PAGES:
        own, other = (found[name, built].whole for built in (large, next(iter(sizes))))
        target = "< 150" if "conversation" in name else "< 300"
        record(section=section, name=f"{name}: p95", value=p95(own), unit="ms", target=target)
        record(section=section, name=f"{name}: ÷ a tenth of the events", value=ratio(own, other), unit="")


def test_api(sizes, large):
    found = time_views(API, sizes, n=max(3, N_TURNS // 3))
    for name in API:
        own, other = (found[name, built].whole for built in (large, next(iter(sizes))))
        section = f"REST, largest merchant, 90 days, {N_EVENTS:,} events"
        record(section=section, name=f"{name}: p95", value=p95(own), unit="ms", target="< 300")
        record(section=section, name=f"{name}: ÷ a tenth of the events", value=ratio(own, other), unit="")
