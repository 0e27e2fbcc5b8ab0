"""The numbers of the product equal a plain recount, whatever came late, twice, out of order or across clock changes."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import recount
from analytics.ingest import ingest_events
from analytics.measures import COUNTERS, HISTOGRAMS
from analytics.models import Conversation, Counting, Message, Rollup
from analytics.queries import breakdown, series, totals
from analytics.spam import decide_spam
from portal.models import Merchant
from portal.periods import Period, day_start
from tests.analytics import oracle
from tests.events import Chat, all_events

BY = ("channel", "language", "agent_version")
DAY = 86_400
GAPS = st.sampled_from([0, 0.5, 1, 40, 600, 5 * 3600, DAY - 1, DAY, DAY + 1, 3 * DAY, 9 * DAY])
SINGLE = [
    *[("ask", {"text": text}) for text in ("Where is my order?", "hi", "thanks", "I want a refund")],
    ("answer", {"text": "It is on its way.", "cost": 0.002, "input_tokens": 10}),
    ("teammate", {}),
    ("hand_off", {}),
    ("resolve", {"confirmed": True}),
    ("resolve", {"confirmed": False}),
    ("abandon", {}),
    ("close", {}),
    ("reopen", {}),
    ("rate", {"score": 1}),
    ("rate", {"score": 5}),
    ("click", {}),
    ("retrieve", {}),
]
ASK, ANSWER = ("ask", {"text": "Where is my order?"}), ("answer", {"text": "It is on its way."})
# What agents usually send, so that most streams get somewhere.
USUAL = [[ASK], [ASK, ANSWER], [ASK, ANSWER, ("resolve", {})], [("reopen", {}), ASK, ANSWER], [("reopen", {}), ANSWER]]
STEPS = st.sampled_from([*USUAL, *USUAL, *([step] for step in SINGLE)])
TALES = st.tuples(GAPS, STEPS)
THREADS = st.lists(
    st.tuples(
        st.sampled_from(["ann", "bob", ""]),
        st.sampled_from(["widget", "whatsapp", "email"]),  # email idles for three days
        st.sampled_from(["1", "2"]),  # the agent's version
        st.integers(0, 4 * 24 * 60),  # minutes after the first moment
        # Most threads are short; in a long one most events reach a part of it only (stretches.py).
        st.lists(TALES, min_size=1, max_size=9) | st.lists(TALES, min_size=12, max_size=20),
    ),
    min_size=1,
    max_size=4,
)
# Around the end of summer time: Berlin 25 October, Havana 1 November (at midnight), Lord Howe (half an hour) 4 October.
PLACES = st.sampled_from(
    [
        ("Europe/Berlin", "2026-10-23T20:00:00+00:00"),
        ("Asia/Kathmandu", "2026-10-23T17:00:00+00:00"),
        ("America/Havana", "2026-10-30T20:00:00+00:00"),
        ("Australia/Lord_Howe", "2026-10-02T10:00:00+00:00"),
    ]
)


def tell(threads, first: str):
    chats = []
    for number, (customer, channel, version, minutes, steps) in enumerate(threads):
        moment = datetime.fromisoformat(first) + timedelta(minutes=minutes)
        chat = Chat(f"c-{number}", at=moment, channel=channel).start(customer_id=customer, agent_version=version)
        for gap, tale in steps:
            for position, (verb, arguments) in enumerate(tale):
                getattr(chat, verb)(after=3 if position else gap, **arguments)
        chats.append(chat)
    return all_events(*chats)


def snapshot(merchant):
    rollups = Rollup.objects.for_merchant(merchant).order_by("hour", "channel", "language", "agent_version")
    columns = [f.attname for f in Conversation._meta.concrete_fields]
    return (
        [tuple(map(str, row)) for row in rollups.values_list("hour", *COUNTERS, *HISTOGRAMS)],
        list(Conversation.objects.for_merchant(merchant).order_by("id").values_list(*columns)),
        list(
            Message.objects.for_merchant(merchant).order_by("id").values_list("event_id", "conversation_id", "author")
        ),
    )


def batches(events, seed: int, order: str):
    """Everything once, a third of it twice, as networks deliver: in order, some of it late, or in any order."""
    shuffle = random.Random(seed)
    sent = sorted(events + shuffle.sample(events, len(events) // 3), key=oracle.at)
    if order == "some late":
        late = shuffle.sample(sent, len(sent) // 5)
        sent = [event for event in sent if event not in late] + late
    elif order == "any":
        shuffle.shuffle(sent)
    while sent:
        size = shuffle.choice([1, 2, 3, 10, 30, 100])
        yield sent[:size]
        sent = sent[size:]


STREAM = {
    "threads": THREADS,
    "place": PLACES,
    "seed": st.integers(0, 2**32),
    "order": st.sampled_from(["in order", "some late", "any"]),
    "later_hours": st.sampled_from([0, 5, 23, 24, 80]),
}


@pytest.mark.django_db
@settings(max_examples=40, deadline=None)  # 200 of them in make bench
@given(**STREAM)
def test_numbers_equal_a_plain_recount(threads, place, seed, order, later_hours):
    check_stream(threads, place, seed, order, later_hours)


def check_stream(threads, place, seed, order, later_hours, *, after_batch=lambda: None):
    zone_name, first = place
    merchant = Merchant.objects.create(slug=uuid4().hex, name="Oracle", timezone=zone_name)
    events, shuffle = tell(threads, first), random.Random(seed)
    end = max(oracle.at(event) for event in events)
    for batch in batches(events, seed, order):
        assert not ingest_events(merchant, batch, now=end + timedelta(minutes=1)).rejected
        after_batch()
    now = end + timedelta(minutes=1, hours=later_hours)
    recount.end_idle_conversations(merchant, now=now)

    spam = mark_spam(merchant, shuffle, now=now)
    found, days = oracle.recount(events, now=now, zone=merchant.zone, recontact=timedelta(days=7), spam=spam)
    check_conversations(merchant, found)
    check_days(merchant, days, end)
    before = snapshot(merchant)
    assert ingest_events(merchant, events, now=now).accepted == 0
    assert snapshot(merchant) == before, "a replay changed something"
    assert recount.end_idle_conversations(merchant, now=now) == 0
    checked = recount.reconcile(merchant, now=now)
    assert (checked.n_conversations_changed, checked.n_buckets_changed) == (0, 0), checked.differences
    recount.recount_merchant(merchant, now=now)
    assert snapshot(merchant) == before, "a rebuild differs from what was added up"


def mark_spam(merchant, shuffle, *, now):
    """A person marks some conversations, and takes one of the marks back. → (thread, start) of what stays marked."""
    rows = list(Conversation.objects.for_merchant(merchant).order_by("id"))
    chosen = shuffle.sample(rows, len(rows) // 3)
    for row in chosen:
        decide_spam(row, is_spam=True, by=None, now=now)
    for row in chosen[:1]:
        decide_spam(row, is_spam=False, by=None, now=now)
    return {(row.thread, row.started_at) for row in chosen[1:]}


def check_conversations(merchant, found):
    messages: dict = {}
    for conversation_id, event_id in Message.objects.for_merchant(merchant).values_list("conversation_id", "event_id"):
        messages.setdefault(conversation_id, set()).add(str(event_id))
    stored = {(c.thread, c.started_at): c for c in Conversation.objects.for_merchant(merchant)}
    assert stored.keys() == {(one["thread"], one["start"]) for one in found}
    for one in found:
        row = stored[one["thread"], one["start"]]
        told = (row.outcome, row.is_confirmed, row.is_disputed, not row.exclusion, row.response_ms, row.rating)
        assert told == tuple(one[k] for k in ("outcome", "confirmed", "disputed", "counts", "responses", "rating"))
        assert messages[row.pk] == one["messages"]
        assert (row.recontacted_at is not None) == one["recontacted"]


def check_days(merchant, days, end):
    first, last = min(days, default=None), end.astimezone(merchant.zone).date()
    if first is None:
        return
    period = Period(
        day_start(first, merchant.zone), day_start(last + timedelta(days=1), merchant.zone), merchant.zone, "custom"
    )
    points = series(merchant, period, step="day", now=end)
    for point in points:
        expected = days.get(point.start, {})
        for name in COUNTERS:
            if name in ("n_test", "n_spam") or f"n_{name}" in expected or name in expected:
                assert getattr(point.totals, name) == expected.get(name, 0), (point.start, name)
        assert point.totals.response_time.n == expected.get("responses", 0)
        assert point.totals.response_time.sum_ms == expected.get("response_ms", 0)
        for outcome in ("resolved", "escalated", "abandoned", "open", "not_involved"):
            assert getattr(point.totals, f"n_{outcome}") == expected.get(f"n_{outcome}", 0)
    check_parts(merchant, period, points)


def check_parts(merchant, period, points):
    """Days, channels, languages, versions and outcomes all add up to the whole."""
    whole = totals(merchant, period, now=period.end)
    for parts in (
        [point.totals for point in points],
        *([part.totals for part in breakdown(merchant, period, by, now=period.end)] for by in BY),
    ):
        assert sum(part.n_conversations for part in parts) == whole.n_conversations
        assert sum(part.n_resolved for part in parts) == whole.n_resolved
    assert sum(part.n for part in breakdown(merchant, period, "outcome", now=period.end)) == whole.n_conversations
    assert whole.n_conversations == whole.n_ended + whole.n_open + whole.n_not_involved


@pytest.mark.django_db(transaction=True)
def test_concurrent_batches_equal_a_plain_recount():
    """Four writers at once, each with a random three quarters of the stream in an order of its own."""
    merchant = Merchant.objects.create(slug="crowd", name="Crowd", timezone="Asia/Kathmandu")
    chance = random.Random(7)
    steps = [[ASK, ANSWER, ("resolve", {})], [ASK, ANSWER], [("reopen", {})], [ASK], [("hand_off", {})]]
    threads = [
        (
            chance.choice(["ann", "bob", "cat", ""]),
            "widget",
            "1",
            chance.randrange(4 * 24 * 60),
            [(chance.choice([1, 600, DAY, 2 * DAY]), chance.choice(steps)) for _ in range(8)],
        )
        for _ in range(12)
    ]
    events = tell(threads, "2026-10-23T17:00:00+00:00")
    now = max(oracle.at(event) for event in events) + timedelta(minutes=1)
    barrier = threading.Barrier(4)

    def write(seed: int) -> None:
        own = [*events[seed::4], *random.Random(seed).sample(events, len(events) * 3 // 4)]
        barrier.wait()
        try:
            for batch in batches(own, seed, "any"):
                ingest_events(merchant, batch, now=now)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        for written in [pool.submit(write, seed) for seed in range(4)]:
            written.result()
    found, days = oracle.recount(events, now=now, zone=merchant.zone, recontact=timedelta(days=7))
    recount.end_idle_conversations(merchant, now=now)
    check_conversations(merchant, found)
    check_days(merchant, days, now)
    checked = recount.reconcile(merchant, now=now)
    assert (checked.n_conversations_changed, checked.n_buckets_changed) == (0, 0), checked.differences


def test_settings_hold_only_after_a_recount(merchant):
    """A changed zone moves days; until the recount is done the old zone holds, so that nothing is counted twice."""
    late_evening = datetime(2026, 11, 2, 22, 30, tzinfo=UTC)  # 23:30 in Berlin, 04:15 the next day in Kathmandu
    now = datetime(2026, 11, 20, tzinfo=UTC)
    chats = [Chat(f"c-{n}", at=late_evening).start(customer_id=f"u-{n}").ask().answer().resolve() for n in range(2)]
    ingest_events(merchant, chats[0].events, now=now)
    merchant.timezone = "Asia/Kathmandu"
    merchant.save()
    ingest_events(merchant, chats[1].events, now=now)
    hours = set(Rollup.objects.for_merchant(merchant).values_list("hour", "n_conversations"))
    assert hours == {(datetime(2026, 11, 2, 22, 0, tzinfo=UTC), 2)}

    assert recount.recount_if_outdated(merchant, now=now)
    assert not recount.recount_if_outdated(merchant, now=now)

    hours = set(Rollup.objects.for_merchant(merchant).values_list("hour", "n_conversations"))
    assert hours == {(datetime(2026, 11, 2, 22, 15, tzinfo=UTC), 2)}
    assert Counting.objects.get(merchant=merchant).timezone == "Asia/Kathmandu"


def test_a_shorter_recontact_window_is_recounted(merchant):
    now = datetime(2026, 11, 20, tzinfo=UTC)
    first = Chat("c-1", at="2026-11-02T09:00:00+00:00").start(customer_id="ann").ask().answer().resolve()
    second = Chat("c-2", at="2026-11-06T09:00:00+00:00").start(customer_id="ann").ask().answer().resolve()
    ingest_events(merchant, all_events(first, second), now=now)
    assert Conversation.objects.get(thread="c-1").recontacted_at == datetime(2026, 11, 6, 9, 1, tzinfo=UTC)

    merchant.recontact_days = 3
    merchant.save()
    recount.recount_if_outdated(merchant, now=now)

    assert Conversation.objects.get(thread="c-1").recontacted_at is None
    assert sum(Rollup.objects.for_merchant(merchant).values_list("n_recontacted", flat=True)) == 0
    assert recount.reconcile(merchant, now=now).n_buckets_changed == 0


def test_reconcile_tells_and_repairs_what_differs(merchant):
    now = datetime(2026, 11, 20, tzinfo=UTC)
    chat = Chat(at="2026-11-02T09:00:00+00:00").start(customer_id="ann").ask().answer().resolve()
    ingest_events(merchant, chat.events, now=now)
    Rollup.objects.for_merchant(merchant).update(n_resolved=5)

    found = recount.reconcile(merchant, now=now)

    assert (found.n_buckets, found.n_buckets_changed) == (1, 1)
    assert found.differences[0]["stored"] == {"n_resolved": 5}
    assert found.differences[0]["recounted"] == {"n_resolved": 1}
    assert recount.reconcile(merchant, now=now).n_buckets_changed == 0
