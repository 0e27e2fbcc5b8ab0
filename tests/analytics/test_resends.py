"""The same event again: with the same time it is known, with another time it is refused."""

from datetime import UTC, datetime, timedelta

from analytics.ingest import ingest_events
from analytics.models import Conversation, Event, Message
from tests.events import Chat, resolved

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def later(event: dict, seconds: int = 5) -> dict:
    return event | {
        "occurred_at": (datetime.fromisoformat(event["occurred_at"]) + timedelta(seconds=seconds)).isoformat()
    }


def test_a_retry_that_stamps_the_event_anew_is_refused_and_told_the_time_that_is_known(merchant):
    chat = resolved()
    ingest_events(merchant, chat.events, now=NOW)
    answer = chat.events[2]

    result = ingest_events(merchant, [later(answer)], now=NOW)

    assert (result.accepted, result.duplicates) == (0, 0)
    (refused,) = result.rejected
    assert (refused.index, refused.id, refused.field) == (0, answer["id"], "occurred_at")
    assert "2026-11-02T09:01:02.000000Z" in refused.error
    assert Event.objects.count() == len(chat.events)
    assert Message.objects.count() == 2
    assert Conversation.objects.get().n_agent_messages == 1


def test_within_one_batch_the_first_one_counts_and_the_rest_of_the_batch_is_taken(merchant):
    chat = resolved()
    first, *rest = chat.events
    result = ingest_events(merchant, [first, later(first), first, *rest], now=NOW)
    assert (result.accepted, result.duplicates, [each.index for each in result.rejected]) == (len(chat.events), 1, [1])


def test_refused_and_rejected_events_are_told_in_the_order_of_the_batch(merchant):
    first, *rest = resolved().events
    result = ingest_events(merchant, [first, later(first), rest[0] | {"channel": "fax"}], now=NOW)
    assert [(each.index, each.field) for each in result.rejected] == [(1, "occurred_at"), (2, "channel")]


def test_what_no_outcome_needs_is_known_again_too(merchant):
    chat = Chat().start().ask().retrieve().click().answer()
    assert ingest_events(merchant, chat.events, now=NOW).accepted == 5
    again = ingest_events(merchant, chat.events, now=NOW)
    assert (again.accepted, again.duplicates) == (0, 5)


def test_an_event_that_moved_to_another_thread_stays_where_it_came_first(merchant):
    chat = resolved()
    ingest_events(merchant, chat.events, now=NOW)
    moved = [event | {"conversation_id": "c-2"} for event in chat.events]
    assert ingest_events(merchant, moved, now=NOW).duplicates == len(moved)
    assert Conversation.objects.get().thread == "c-1"
