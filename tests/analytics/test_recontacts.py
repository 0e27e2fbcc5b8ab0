"""A customer who comes back refutes the resolution before, on any channel, and the numbers follow."""

from datetime import UTC, datetime, timedelta

import pytest

from analytics.models import Conversation
from analytics.queries import totals
from portal.periods import parse_period
from tests.events import Chat, send

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def contact(thread, day, *, customer="ann", channel="widget", question="Where is my order?"):
    chat = Chat(thread, at=f"2026-11-{day:02d}T09:00:00+00:00", channel=channel)
    return chat.start(customer_id=customer).ask(question).answer().resolve()


def count(merchant, *, now=NOW):
    return totals(merchant, parse_period({}, zone=merchant.zone, now=now), now=now)


def test_a_recontact_on_another_channel_flips_the_earlier_conversation(merchant):
    send(merchant, contact("a", 3), now=NOW)
    assert count(merchant).verified_resolution_rate == 1.0

    send(merchant, contact("b", 9, channel="email"), now=NOW)

    found = count(merchant)
    assert (found.n_resolved, found.n_recontacted, found.n_verified, found.mature_ended) == (2, 1, 1, 2)
    assert (found.verified_resolution_rate, found.recontact_rate) == (0.5, 0.5)
    assert Conversation.objects.get(thread="a").recontacted_at == datetime(2026, 11, 9, 9, 1, tzinfo=UTC)


@pytest.mark.parametrize(("day", "is_recontact"), [(10, True), (11, False)])
def test_the_window_is_seven_days_after_the_last_message(merchant, day, is_recontact):
    send(merchant, contact("a", 3), contact("b", day), now=NOW)
    assert count(merchant).n_recontacted == int(is_recontact)


def test_a_greeting_in_between_neither_counts_nor_hides_a_recontact(merchant):
    send(merchant, contact("a", 3), now=NOW)
    send(merchant, contact("x", 4, question="hi"), now=NOW)
    assert count(merchant).n_recontacted == 0
    send(merchant, contact("b", 5), now=NOW)
    assert count(merchant).n_recontacted == 1
    assert Conversation.objects.get(thread="a").recontacted_at == datetime(2026, 11, 5, 9, 1, tzinfo=UTC)


def test_unknown_customers_and_other_merchants_never_meet(merchant, other_merchant):
    send(merchant, contact("a", 3), contact("b", 4, customer=""), contact("c", 5, customer=""), now=NOW)
    send(other_merchant, contact("d", 4), now=NOW)
    assert count(merchant).n_recontacted == 0
    assert count(other_merchant).n_recontacted == 0


def test_a_late_event_between_two_contacts_moves_the_recontact(merchant):
    send(merchant, contact("a", 3), contact("c", 8), now=NOW)
    send(merchant, contact("b", 5), now=NOW)
    moments = dict(Conversation.objects.values_list("thread", "recontacted_at"))
    assert {thread: at and at.day for thread, at in moments.items()} == {"a": 5, "b": 8, "c": None}
    assert count(merchant).n_recontacted == 2


def test_young_conversations_are_pending_on_both_sides(merchant):
    """Idle time 24 h + 7 days: the resolution of the 3rd at 10:01 in Berlin is verified from the 11th, 10:00."""
    send(merchant, contact("a", 3), now=NOW)
    matures_at = datetime(2026, 11, 11, 9, 0, tzinfo=UTC)
    young = count(merchant, now=matures_at - timedelta(seconds=1))
    assert (young.mature_ended, young.n_pending, young.verified_resolution_rate) == (0, 1, None)
    old = count(merchant, now=matures_at)
    assert (old.mature_ended, old.n_pending, old.verified_resolution_rate) == (1, 0, 1.0)


def test_email_matures_later(merchant):
    send(merchant, contact("a", 3, channel="email"), now=NOW)
    assert count(merchant, now=datetime(2026, 11, 13, 8, 59, tzinfo=UTC)).n_pending == 1
    assert count(merchant, now=datetime(2026, 11, 13, 9, 0, tzinfo=UTC)).n_pending == 0


def test_a_dispute_refutes_too_and_counts_once(merchant):
    send(merchant, contact("a", 3).rate(1), contact("b", 5), now=NOW)
    found = count(merchant)
    assert (found.n_recontacted, found.n_disputed, found.n_refuted, found.n_verified) == (1, 1, 1, 1)
