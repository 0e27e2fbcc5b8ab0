"""Spam is what a person says it is, and stays so through late events, replays and recounts."""

from datetime import UTC, datetime

import pytest
import time_machine

from analytics import recount
from analytics.models import ArchivedPeriod, Conversation, Event, Exclusion, SpamDecision
from analytics.queries import totals
from analytics.spam import SpamError, decide_spam
from portal.models import AuditEntry
from portal.periods import parse_period
from tests.events import Chat, escalated, resolved, send

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


def numbers(merchant):
    found = totals(merchant, parse_period({"period": "90d"}, zone=merchant.zone, now=NOW))
    return found.n_conversations, found.n_resolved, found.n_escalated, found.n_spam


def mark(thread, *, is_spam=True, by=None, episode=1, **rest):
    row = Conversation.objects.get(thread=thread, episode=episode)
    return decide_spam(row, is_spam=is_spam, by=by, now=NOW, **rest)


def test_a_marked_conversation_is_in_no_rate_and_counted_as_spam(merchant, reviewer):
    send(merchant, resolved("offer", at="2026-11-02T09:00:00+00:00"), escalated("real", at="2026-11-02T10:00:00+00:00"))
    assert numbers(merchant) == (2, 1, 1, 0)

    assert mark("offer", by=reviewer, reason="sells lamps to us")

    assert numbers(merchant) == (1, 0, 1, 1)
    entry = AuditEntry.objects.get(verb="conversation.marked_spam")
    assert (entry.actor, entry.detail) == (reviewer, {"reason": "sells lamps to us"})
    decision = SpamDecision.objects.get()
    assert (decision.decided_by, decision.decided_at, decision.reason) == (reviewer, NOW, "sells lamps to us")


def test_a_decision_can_be_taken_back_and_made_twice_changes_nothing(merchant, reviewer):
    send(merchant, resolved("offer", at="2026-11-02T09:00:00+00:00"))
    before = Conversation.objects.values().get()
    assert mark("offer", by=reviewer)
    assert not mark("offer", by=reviewer)
    assert mark("offer", is_spam=False, by=reviewer)
    assert not mark("offer", is_spam=False, by=reviewer)

    assert numbers(merchant) == (1, 1, 0, 0)
    after = Conversation.objects.values().get()
    assert after.pop("updated_at") > before.pop("updated_at")
    assert after == before
    assert SpamDecision.objects.count() == AuditEntry.objects.count() == 2


def test_a_mark_survives_replays_late_events_reopening_and_every_recount(merchant, reviewer):
    chat = resolved("offer", at="2026-11-02T09:00:00+00:00")
    send(merchant, chat)
    mark("offer", by=reviewer)
    earlier = Chat("offer", at="2026-11-02T08:59:00+00:00").ask("Buy cheap lamps")
    send(merchant, chat, earlier, chat.reopen().rate(1))
    assert numbers(merchant) == (0, 0, 0, 1)
    assert Conversation.objects.get().started_at == datetime(2026, 11, 2, 8, 59, tzinfo=UTC)

    recount.recount_merchant(merchant, now=NOW)
    checked = recount.reconcile(merchant, now=NOW)

    assert (checked.n_conversations_changed, checked.n_buckets_changed) == (0, 0)
    assert numbers(merchant) == (0, 0, 0, 1)


def test_a_mark_is_about_one_episode_of_a_thread(merchant, reviewer):
    later = Chat("phone", at="2026-11-06T09:00:00+00:00").ask("Where is my order?").answer().resolve()
    send(merchant, resolved("phone", at="2026-11-02T09:00:00+00:00"), later)
    mark("phone", by=reviewer)
    send(merchant, later.rate(5))
    assert numbers(merchant) == (1, 1, 0, 1)
    mark("phone", by=reviewer, episode=2)
    mark("phone", by=reviewer, is_spam=False)
    exclusions = Conversation.objects.order_by("episode").values_list("exclusion", flat=True)
    assert list(exclusions) == [Exclusion.NONE, Exclusion.SPAM]


def test_who_only_spams_again_did_not_come_back(merchant, reviewer):
    first = Chat("c-1", at="2026-11-02T09:00:00+00:00").start(customer_id="ann").ask().answer().resolve()
    second = Chat("c-2", at="2026-11-04T09:00:00+00:00").start(customer_id="ann").ask("Buy lamps").answer()
    send(merchant, first, second)
    period = parse_period({"period": "90d"}, zone=merchant.zone, now=NOW)
    assert totals(merchant, period).n_recontacted == 1
    mark("c-2", by=reviewer)
    assert totals(merchant, period).n_recontacted == 0
    mark("c-2", by=reviewer, is_spam=False)
    assert totals(merchant, period).n_recontacted == 1


def test_test_traffic_and_conversations_without_events_are_refused(merchant, reviewer):
    send(merchant, Chat("t", at="2026-11-02T09:00:00+00:00").start("ann", is_test=True).ask().answer())
    with pytest.raises(SpamError, match="test traffic"):
        mark("t", by=reviewer)
    send(merchant, resolved("old", at="2026-11-02T09:00:00+00:00"))
    archive = ArchivedPeriod.objects.create(
        merchant=merchant, path="2026-11", starts_at=NOW, ends_at=NOW, n_events=3, n_bytes=1, archived_at=NOW
    )
    Conversation.objects.for_merchant(merchant).filter(thread="old").update(archived_in=archive)
    Event.objects.for_merchant(merchant).delete()
    with pytest.raises(SpamError, match="retention"):
        mark("old", by=reviewer)
    Conversation.objects.for_merchant(merchant).filter(thread="old").update(archived_in=None)
    with pytest.raises(SpamError, match="not stored"):
        mark("old", by=reviewer)
    assert not SpamDecision.objects.exists()
