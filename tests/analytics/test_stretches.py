"""What a batch reads of a thread depends on the episodes that it reaches, and says the same as the whole thread."""

import json
import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection
from hypothesis import example, given
from hypothesis import strategies as st

from analytics import conversations, recontacts, stretches
from analytics.ingest import ingest_events
from analytics.models import Conversation, Message, Rollup
from analytics.outcomes import Rules, ThreadEvent, read_episodes
from analytics.recount import end_idle_conversations, reconcile
from analytics.stretches import read_stretches
from tests.analytics.test_oracle import ASK, DAY, TALES, tell
from tests.events import Chat, resolved

START = datetime(2025, 12, 1, 9, tzinfo=UTC)
NOW = datetime(2026, 11, 20, tzinfo=UTC)
RULES = Rules(chat_idle=timedelta(hours=24), email_idle=timedelta(hours=72))
N_EPISODES = 120


# The first conversation falls idle at the very instant at which the next one is announced.
AT_ONE_INSTANT = [
    (1, [ASK]),
    (DAY, [("start", {"customer_id": "bob"})]),
    (0, [("resolve", {})]),
    (60, [ASK]),
    (2 * DAY, [ASK]),
]


@given(tales=st.lists(TALES, min_size=6, max_size=25), channel=st.sampled_from(["widget", "email"]), test=st.booleans())
@example(tales=AT_ONE_INSTANT, channel="widget", test=False)
def test_the_rest_of_a_thread_reads_the_same_behind_any_of_its_episodes(tales, channel, test):
    told = tell([("ann", channel, "1", 0, tales)], START.isoformat())
    told[0]["data"]["is_test"] = test
    events = [
        ThreadEvent(datetime.fromisoformat(e["occurred_at"]), e["type"], UUID(e["id"]), e["channel"], e["data"])
        for e in told
    ]
    whole = read_episodes(events, RULES, now=NOW)
    for number, (facts, _) in enumerate(whole[:-1], start=1):
        rest = [event for event in events if event.occurred_at >= facts.ended_at]
        assert read_episodes(rest, RULES, now=NOW, after=facts) == whole[number:]


def visit(day: int) -> Chat:
    """One of the conversations that a customer has in the same thread for the rest of their life."""
    chat = Chat("endless", at=START + timedelta(days=2 * day)).start(customer_id="ann")
    return chat.ask(f"Question {day}?").retrieve().answer().resolve()


@pytest.fixture
def endless(merchant):
    events = [event for day in range(N_EPISODES) for event in visit(day).events]
    ingest_events(merchant, events, now=NOW)
    assert Conversation.objects.count() == N_EPISODES
    return merchant


def test_a_new_event_reads_three_episodes_of_an_endless_thread(endless):
    last = visit(N_EPISODES)
    stretch = read_stretches(endless, {"endless": last.clock})["endless"]
    assert [row.facts.episode for row in stretch.rows] == [N_EPISODES - 1, N_EPISODES]
    assert stretch.after.facts.episode == N_EPISODES - 2
    assert len(stretch.events) == 1 + 2 * 4  # the end of the episode before, and what decides the outcomes of two

    ingest_events(endless, last.events, now=NOW)

    assert list(Conversation.objects.order_by("episode").values_list("outcome", flat=True)) == ["resolved"] * 121
    assert Message.objects.count() == 2 * 121
    assert sum(Rollup.objects.values_list("n_resolved", flat=True)) == 121
    assert_exact(endless)


def test_a_late_event_reads_on_from_its_own_episode(endless):
    third = visit(2)
    stretch = read_stretches(endless, {"endless": third.clock})["endless"]
    assert [stretch.after.facts.episode, *(row.facts.episode for row in stretch.rows)] == list(range(1, N_EPISODES + 1))

    late = Chat("endless", at=visit(100).clock + timedelta(hours=1)).rate(1)
    stretch = read_stretches(endless, {"endless": late.clock})["endless"]
    assert stretch.after.facts.episode == 99
    ingest_events(endless, late.events, now=NOW)

    assert Conversation.objects.get(episode=101).rating == 1
    assert Conversation.objects.exclude(rating=None).count() == 1
    assert_exact(endless)


def test_a_late_conversation_moves_all_later_ones_by_one(endless):
    between = Chat("endless", at=visit(60).clock + timedelta(hours=26)).ask("And this?").answer().resolve()
    ingest_events(endless, between.events, now=NOW)
    assert Conversation.objects.get(episode=62).question == "And this?"
    assert Conversation.objects.get(episode=121).question == "Question 119?"
    assert_exact(endless)


def test_reopening_disputes_the_episode_before_the_running_one(endless):
    ingest_events(endless, Chat("endless", at=NOW - timedelta(hours=3)).ask().answer().events, now=NOW)
    ingest_events(endless, Chat("endless", at=NOW - timedelta(hours=2)).reopen().events, now=NOW)
    assert list(Conversation.objects.filter(is_disputed=True).values_list("episode", flat=True)) == [N_EPISODES]
    assert_exact(endless)


def test_a_late_end_splits_a_conversation_and_moves_what_was_said_after_it(merchant):
    chat = Chat(at=NOW - timedelta(hours=9)).start(customer_id="ann").ask().answer().ask("And now?", after=600).answer()
    ingest_events(merchant, chat.events, now=NOW)
    ingest_events(merchant, Chat(at=NOW - timedelta(hours=9, minutes=-5)).close().events, now=NOW)
    conversations = Conversation.objects.order_by("episode")
    assert [list(each.messages.values_list("author", flat=True)) for each in conversations] == [
        ["customer", "agent"]
    ] * 2
    assert_exact(merchant)


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (stretches._EVENTS, "event_thread"),
        (conversations._READ_LAST, "conversation_episode"),
        (recontacts._OF_SOME, "conversation_customer"),
    ],
)
def test_a_merchant_of_whom_the_statistics_know_nothing_is_read_by_the_same_index(
    query, index, merchant, other_merchant
):
    """Or the import of a new merchant's history would read all of it for every batch."""
    known, new = (
        [event for n in range(300) for event in resolved(f"{who}-{n}", at=START + timedelta(hours=n)).events]
        for who in "ab"
    )
    ingest_events(other_merchant, known, now=NOW)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE analytics_event, analytics_conversation")
        ingest_events(merchant, new, now=NOW)
        threads = [f"b-{n}" for n in range(50)]
        touched = json.dumps([{"thread": thread, "since": None, "moment": str(START)} for thread in threads])
        asked = {
            "event_thread": [touched, merchant.pk, ["citation.clicked"], START],
            "conversation_episode": [touched, merchant.pk, merchant.pk],
            "conversation_customer": {
                "merchant": merchant.pk,
                "customers": [f"customer of {thread}" for thread in threads],
                "since": START,
                "window": timedelta(days=7),
                "longest": timedelta(days=90),
            },
        }
        # Which index is the question; tables as small as here may be read whole.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {query}", asked[index])
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert set(re.findall(r"Index (?:Only )?Scan (?:Backward )?using (\w+)", plan)) == {index}, plan


def assert_exact(merchant):
    end_idle_conversations(merchant, now=NOW)
    found = reconcile(merchant, now=NOW)
    assert (found.n_conversations_changed, found.n_buckets_changed) == (0, 0), found.differences
