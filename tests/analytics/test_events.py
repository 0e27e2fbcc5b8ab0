"""Every rejection names the field and says how to put it right; a good neighbour is never lost."""

import copy
from datetime import UTC, datetime, timedelta

import pytest

from analytics.events import EventError, decode_event
from analytics.ingest import ingest_events
from analytics.models import Event
from tests.events import Chat, escalated, resolved

NOW = datetime(2026, 11, 20, tzinfo=UTC)
ASKED = Chat(at="2026-11-02T09:00:00+00:00").ask().events[0]
SENT = Chat(at="2026-11-02T09:00:00+00:00").answer(latency_ms=5, confidence=0.5, sources=[{"article_id": "kb-1"}])


def changed(event, path: str, value):
    """A copy with one field set; `value` of `...` removes it."""
    event = copy.deepcopy(event)
    *parents, last = path.split(".")
    place = event
    for parent in parents:
        place = place[parent]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return event


@pytest.mark.parametrize(
    ("event", "field", "says"),
    [
        (changed(ASKED, "type", "message.recieved"), "type", "Unknown type 'message.recieved'. Use one of"),
        (changed(ASKED, "type", ...), "type", "This field is missing. Use one of"),
        (changed(ASKED, "id", "12"), "id", "Send a UUID"),
        (changed(ASKED, "id", ...), "id", "missing"),
        (changed(ASKED, "channel", "fax"), "channel", "Use one of widget, email"),
        (changed(ASKED, "conversation_id", ""), "conversation_id", "1 to 128 characters"),
        (changed(ASKED, "conversation_id", "c" * 129), "conversation_id", "1 to 128 characters"),
        (changed(ASKED, "occurred_at", "2026-11-02T09:00:00"), "occurred_at", "with the zone"),
        (changed(ASKED, "occurred_at", "yesterday"), "occurred_at", "with the zone"),
        (changed(ASKED, "occurred_at", "2026-11-20T00:05:01Z"), "occurred_at", "more than 5 minutes in the future"),
        (changed(ASKED, "occurred_at", "2023-11-20T00:00:00Z"), "occurred_at", "older than 395 days"),
        (changed(ASKED, "sentiment", "angry"), "sentiment", "Unknown field “sentiment”"),
        (changed(ASKED, "data.mood", "angry"), "data.mood", "Unknown field “mood”"),
        (changed(ASKED, "data.text", ...), "data.text", "missing"),
        (changed(ASKED, "data.text", ""), "data.text", "1 to 20000 characters"),
        (changed(ASKED, "data.text", "x" * 20_001), "data.text", "1 to 20000 characters"),
        (changed(ASKED, "data.text", 5), "data.text", "Expected `str`, got `int`"),
        (changed(ASKED, "data.text", "a\x00b"), "data.text", "NUL"),
        (changed(ASKED, "data.text", "a\ud800b"), "data.text", "lone surrogate"),
        (changed(ASKED, "conversation_id", "c\x00"), "conversation_id", "NUL"),
        (changed(SENT.events[0], "data.confidence", 1.2), "data.confidence", "<= 1"),
        (changed(SENT.events[0], "data.latency_ms", -1), "data.latency_ms", ">= 0"),
        (changed(SENT.events[0], "data.cost", -0.1), "data.cost", ">= 0"),
        (changed(SENT.events[0], "data.sources", [{"article_id": "a\x00"}]), "data.sources[0].article_id", "NUL"),
        (changed(SENT.events[0], "data.sources", [{"id": "kb"}]), "data.sources[0].id", "Unknown field “id”"),
        (Chat().rate(6).events[0], "data.score", "1 to 5"),
        (Chat().rate(2.5).events[0], "data.score", "1 to 5"),
        (Chat().hand_off("bored").events[0], "data.reason", "customer_request"),
        (Chat().start(language="x" * 17).events[0], "data.language", "<= 16"),
        ("text", "", "Expected `object`"),
    ],
)
def test_rejected_with_field_and_fix(event, field, says):
    if isinstance(event, str):
        event = b'"text"'
    with pytest.raises(EventError) as caught:
        decode_event(event, now=NOW)
    assert caught.value.field == field
    assert says in caught.value.error


def test_five_minutes_ahead_is_still_taken():
    decode_event(changed(ASKED, "occurred_at", (NOW + timedelta(minutes=5)).isoformat()), now=NOW)


def test_a_good_event_is_not_lost_beside_a_bad_one(merchant):
    bad = changed(ASKED, "channel", "fax")
    result = ingest_events(merchant, [bad, ASKED, {"nonsense": 1}, ASKED], now=NOW)
    assert (result.accepted, result.duplicates) == (1, 1)
    assert [(r.index, r.id, r.field) for r in result.rejected] == [(0, ASKED["id"], "channel"), (2, None, "type")]


def test_the_same_batch_again_changes_nothing(merchant):
    events = resolved("a").events + escalated("b").events
    assert ingest_events(merchant, events, now=NOW).accepted == len(events)
    again = ingest_events(merchant, events, now=NOW + timedelta(days=1))
    assert (again.accepted, again.duplicates, again.rejected) == (0, len(events), [])


def test_two_merchants_may_use_the_same_ids(merchant, other_merchant):
    for one in (merchant, other_merchant):
        assert ingest_events(one, [ASKED], now=NOW).accepted == 1
    assert Event.objects.for_merchant(merchant).count() == 1


def test_text_is_redacted_before_it_is_stored(merchant):
    chat = Chat(at="2026-11-02T09:00:00+00:00").start(customer_id="jane@example.com")
    chat.ask("My card 4111 1111 1111 1111, write to jane@example.com or call +49 30 1234567").retrieve(
        "jane@example.com"
    )
    chat.rate(5, comment="jane@example.com")
    ingest_events(merchant, chat.events, now=NOW)
    stored = {event.type: event.data for event in Event.objects.for_merchant(merchant)}
    assert stored["message.received"]["text"] == "My card [card], write to [email] or call [phone]"
    assert stored["knowledge.retrieved"]["query"] == stored["rating.given"]["comment"] == "[email]"
    assert stored["conversation.started"]["customer_id"].startswith("anon-")
    assert "example.com" not in str(stored)


def test_a_merchant_may_keep_what_it_wants(merchant):
    merchant.redacts_phones = False
    merchant.save()
    chat = Chat(at="2026-11-02T09:00:00+00:00").ask("Call +49 30 1234567, mail a@b.example")
    ingest_events(merchant, chat.events, now=NOW)
    assert Event.objects.get().data["text"] == "Call +49 30 1234567, mail [email]"


def test_what_cannot_be_redacted_is_not_stored(merchant, monkeypatch):
    def broken(self, text):
        raise RecursionError

    monkeypatch.setattr("analytics.ingest.Redactor.__call__", broken)
    result = ingest_events(merchant, [ASKED], now=NOW)
    assert (result.accepted, result.rejected[0].field) == (0, "data")
    assert "could not be redacted" in result.rejected[0].error
    assert not Event.objects.exists()
