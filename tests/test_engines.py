"""The same migrations and the same numbers on PostgreSQL and on TimescaleDB, packed into the columnstore or not."""

import io
import os
import random
from contextlib import ExitStack
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import connection
from hypothesis import HealthCheck, given, settings

from analytics import archiving, recount, timescale
from analytics.ingest import ingest_events
from analytics.measures import COUNTERS, HISTOGRAMS
from analytics.models import Conversation, Event, Message, Rollup
from portal.models import Merchant
from reporting.demo.stream import build_events
from tests.analytics import test_oracle
from tests.engines import POSTGRESQL, TIMESCALEDB, new_database, pack_events, url_of, used
from tests.events import resolved, send

pytestmark = pytest.mark.skipif(
    url_of(TIMESCALEDB) is None, reason="TIMESCALE_URL names no server with TimescaleDB (docs/storage.md)"
)
EXAMPLES = int(os.environ.get("ENGINE_EXAMPLES", "20"))
BOTH = [POSTGRESQL, TIMESCALEDB]
RECEIVED = datetime(2026, 11, 10, 12, tzinfo=UTC)
LATER = datetime(2027, 12, 1, 3, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def databases(django_db_blocker):
    """The URL of a database of each engine, made by the same migrations."""
    with django_db_blocker.unblock(), ExitStack() as stack:
        urls = {}
        for engine in BOTH:
            urls[engine] = stack.enter_context(new_database(engine))
            with used(urls[engine]):
                call_command("migrate", verbosity=0)
        yield urls


@pytest.fixture(params=BOTH, scope="module")
def engine(request, databases):
    with used(databases[request.param]):
        yield request.param


@pytest.fixture
def folder(settings, tmp_path):
    settings.ARCHIVE_DIR = tmp_path / "archive"
    return settings.ARCHIVE_DIR


def make_merchant(zone: str = "Europe/Berlin") -> Merchant:
    return Merchant.objects.create(slug=uuid4().hex, name="Engine", timezone=zone)


def told(merchant: Merchant) -> tuple[list, list, list, list]:
    """All that is stored of a merchant, without the keys that a database gives out itself."""
    generated = {"id", "merchant_id", "updated_at", "archived_in_id"}
    columns = [f.attname for f in Conversation._meta.concrete_fields if f.attname not in generated]
    rollups = Rollup.objects.for_merchant(merchant).values_list(
        "hour", "channel", "language", "agent_version", *COUNTERS, *HISTOGRAMS
    )
    messages = Message.objects.for_merchant(merchant).values_list(
        "event_id", "occurred_at", "conversation__thread", "conversation__episode", "author", "text"
    )
    events = Event.objects.for_merchant(merchant).values_list("occurred_at", "id", "type", "thread", "data")
    return (
        sorted(tuple(map(str, row)) for row in rollups),
        sorted(map(str, Conversation.objects.for_merchant(merchant).values_list(*columns))),
        sorted(map(str, messages)),
        sorted(map(str, events)),
    )


def test_the_events_are_where_they_should_be(engine):
    out = io.StringIO()
    call_command("storage_status", stdout=out)
    assert out.getvalue().startswith("engine         " + ("TimescaleDB" if engine == TIMESCALEDB else "PostgreSQL"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'analytics_event_pkey'")
        assert cursor.fetchone() == ("PRIMARY KEY (merchant_id, occurred_at, id)",)


def test_a_shops_month_is_the_same_on_both(databases):
    """A tenth comes a second time, a tenth only after the rest was packed, and all of it after a change of zone."""
    events = build_events(RECEIVED.date(), days=30, total=300)
    late = events[::10]
    found = {}
    for engine in BOTH:
        with used(databases[engine]):
            merchant = make_merchant()
            ingest_events(merchant, [event for event in events if event not in late], now=RECEIVED)
            pack_events()
            results = [ingest_events(merchant, batch, now=RECEIVED) for batch in (late, late, events[5::10])]
            recount.end_idle_conversations(merchant, now=RECEIVED)
            assert [(result.accepted, result.duplicates) for result in results] == [
                (len(late), 0),
                (0, len(late)),
                (0, len(events[5::10])),
            ]
            merchant.timezone = "Asia/Kathmandu"
            merchant.save()
            recount.recount_merchant(merchant, now=RECEIVED)
            found[engine] = told(merchant)
    assert [len(part) for part in found[POSTGRESQL]][1:] == [len(part) for part in found[TIMESCALEDB]][1:]
    assert found[POSTGRESQL] == found[TIMESCALEDB]


def test_a_table_with_rows_becomes_a_hypertable_and_stays_one(databases, settings):
    settings.TIMESCALEDB = False
    with new_database(TIMESCALEDB) as url, used(url):
        call_command("migrate", verbosity=0)
        merchant = make_merchant()
        send(
            merchant,
            *(resolved(f"c-{day}", at=f"2026-{day:02}-05T10:00:00+00:00") for day in (1, 4, 7, 11)),
            now=RECEIVED,
        )
        before = told(merchant)
        assert timescale.read_storage().version is None

        settings.TIMESCALEDB = True
        for _ in range(2):
            call_command("migrate", verbosity=0)

            storage = timescale.read_storage()
            assert (storage.n_chunks, storage.n_packed_chunks) == (4, 0)
            assert told(merchant) == before
        assert pack_events() == 4
        assert timescale.read_storage().n_packed_chunks == 4
        assert told(merchant) == before
        settings.EVENT_COLUMNSTORE_DAYS = 200
        call_command("migrate", verbosity=0)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT config ->> 'compress_after' FROM timescaledb_information.jobs WHERE proc_name = %s",
                ["policy_compression"],
            )
            assert cursor.fetchall() == [("200 days",)]
            cursor.execute("SHOW timescaledb.max_tuples_decompressed_per_dml_transaction")
            assert cursor.fetchone() == ("0",)


def test_events_leave_for_files_and_come_back(engine, folder):
    first, second = make_merchant(), make_merchant("Asia/Kathmandu")
    chats = [resolved(f"c-{day}", at=f"2026-10-{day:02}T09:00:00+00:00") for day in (3, 20, 28)]
    young = resolved("young", at="2027-11-29T09:00:00+00:00")
    for merchant in (first, second):
        send(merchant, *chats, now=RECEIVED)
        send(merchant, young, now=LATER)
    pack_events()
    before = [told(merchant) for merchant in (first, second)]
    n_chunks = timescale.read_storage().n_chunks

    files = list(archiving.archive_events(first, now=LATER))
    assert (len(files), Event.objects.for_merchant(first).count()) == (3, 4)
    assert timescale.drop_empty_chunks(before=archiving.border(LATER)) == 0, "the other merchant's events are there"
    files += archiving.archive_events(second, now=LATER)
    n_dropped = timescale.drop_empty_chunks(before=archiving.border(LATER))

    assert (n_dropped > 0) == (engine == TIMESCALEDB)
    assert timescale.read_storage().n_chunks == n_chunks - n_dropped
    assert [told(merchant)[:3] for merchant in (first, second)] == [each[:3] for each in before]
    for merchant in (first, second):
        assert recount.reconcile(merchant, now=LATER).n_conversations_changed == 0
    for file in files:
        slug = file.merchant.slug
        call_command("ingest", str(folder / file.path), merchant=slug, restore=True, stdout=io.StringIO())
    assert [told(merchant) for merchant in (first, second)] == before


@given(**test_oracle.STREAM)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_numbers_equal_a_plain_recount(engine, threads, place, seed, order, later_hours):
    """After any batch all that is there may be packed: what comes then is late into the columnstore."""
    chance = random.Random(seed)

    def pack_sometimes() -> None:
        if engine == TIMESCALEDB and chance.random() < 0.2:
            pack_events()

    test_oracle.check_stream(threads, place, seed, order, later_hours, after_batch=pack_sometimes)
