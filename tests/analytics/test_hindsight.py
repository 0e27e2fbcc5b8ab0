"""What turned after it had been counted, read from when the events were received."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from analytics.hindsight import find_reversals
from analytics.ingest import ingest_events
from analytics.models import Conversation
from analytics.outcomes import Rules, ThreadEvent
from tests.events import Chat, resolved

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
RULES = Rules(chat_idle=timedelta(hours=24), email_idle=timedelta(hours=72))


def received(*batches):
    """(hours after START at which it came, events) → as find_reversals reads them."""
    return [(START + timedelta(hours=hours), to_event(event)) for hours, events in batches for event in events]


def to_event(event):
    at = datetime.fromisoformat(event["occurred_at"])
    return ThreadEvent(at, event["type"], event["id"], event["channel"], event["data"])


def told(*batches, span=None):
    found = find_reversals(received(*batches), RULES, span or (START, None))
    hours = [(each.at - START) // timedelta(hours=1) for each in found]
    return [
        (at, each.before.outcome.value, each.after.outcome.value, each.after.is_disputed)
        for at, each in zip(hours, found, strict=True)
    ]


def story():
    return Chat("c", at=START).ask().answer().resolve()


def test_a_late_handoff_turns_a_resolution():
    late = Chat("c", at=START + timedelta(seconds=61)).hand_off().events
    assert told((0.1, story().events), (50, late)) == [(50, "resolved", "escalated", False)]


def test_a_late_low_rating_disputes_it():
    rating = Chat("c", at=START + timedelta(hours=30)).rate(1).events
    assert told((0.1, story().events), (30, rating)) == [(30, "resolved", "resolved", True)]


def test_silence_is_told_as_an_end_before_the_late_answer_comes():
    asked, answered = Chat("c", at=START).ask().events, Chat("c", at=START + timedelta(minutes=1)).answer().events
    assert told((0.1, asked), (40, answered)) == [(40, "abandoned", "resolved", False)]


def test_what_comes_in_time_or_in_one_burst_turns_nothing():
    events = story().rate(1).events
    assert told(*((n, [event]) for n, event in enumerate(events))) == [(3, "resolved", "resolved", True)]
    assert told(*((n / 100, [event]) for n, event in enumerate(events))) == []
    assert told((0.1, events)) == []
    assert told((400, events[:2]), (400.1, events[2:])) == [], "an import in two batches"


def test_the_next_episode_is_none_of_its_business():
    again = Chat("c", at=START + timedelta(days=3)).ask().answer().resolve().events
    late = Chat("c", at=START + timedelta(days=3, seconds=61)).hand_off().events
    span = (START, START + timedelta(days=3))
    batches = ((0.1, story().events), (73, again), (100, late))
    assert told(*batches, span=span) == []
    assert told(*batches, span=(span[1], None)) == [(100, "resolved", "escalated", False)]


@pytest.mark.django_db
def test_the_page_says_what_changed_later(sign_in, viewer, merchant):
    chat = resolved("c", at=START)
    with time_machine.travel(START + timedelta(hours=1), tick=False):
        ingest_events(merchant, chat.events, now=datetime.now(UTC))
        page = sign_in(viewer).get(f"/lumen/conversations/{Conversation.objects.get().pk}/").content.decode()
        assert "changed later" not in page
    late = Chat("c", at=START + timedelta(seconds=90)).hand_off().events
    with time_machine.travel(START + timedelta(days=5), tick=False):
        ingest_events(merchant, late, now=datetime.now(UTC))
        page = sign_in(viewer).get(f"/lumen/conversations/{Conversation.objects.get().pk}/").content.decode()
    assert "changed later" in page
    assert "Resolved → Escalated" in page
