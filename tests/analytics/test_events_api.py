"""POST /api/v1/events in every form that the contract names, and what it refuses."""

import gzip
import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection

from analytics.body import MAX_BYTES, BodyError, decode_body
from analytics.ingest import ingest_events
from analytics.models import Conversation, Event, Message, Rollup
from analytics.recount import reconcile
from tests.events import Chat, all_events, escalated, resolved, still_open

URL = "/api/v1/events"
NOW = datetime(2026, 11, 20, tzinfo=UTC)
EVENTS = resolved("a").events + escalated("b").events
N = len(EVENTS)


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=True):
        yield


def lines(events) -> bytes:
    return b"\n".join(json.dumps(event).encode() for event in events)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (json.dumps(EVENTS).encode(), {"content_type": "application/json"}),
        (json.dumps({"events": EVENTS}).encode(), {"content_type": "application/json"}),
        (lines(EVENTS), {"content_type": "application/x-ndjson"}),
        (lines(EVENTS), {"content_type": "application/json"}),
        (gzip.compress(lines(EVENTS)), {"content_type": "application/x-ndjson", "HTTP_CONTENT_ENCODING": "gzip"}),
        (
            gzip.compress(lines(EVENTS[:3]) + b"\n") + gzip.compress(lines(EVENTS[3:])),
            {"content_type": "application/x-ndjson", "HTTP_CONTENT_ENCODING": "gzip"},
        ),
    ],
)
def test_every_form_of_the_body(api, merchant, body, headers):
    answer = api("ingest").generic("POST", URL, body, **headers)
    assert answer.status_code == 200, answer.json()
    assert answer.json() == {"accepted": N, "duplicates": 0, "rejected": []}
    assert Conversation.objects.for_merchant(merchant).count() == 2
    again = api("ingest").generic("POST", URL + "/", body, **headers)
    assert again.json() == {"accepted": 0, "duplicates": N, "rejected": []}


@pytest.mark.parametrize(
    ("body", "headers", "status", "says"),
    [
        (b"", {}, 400, "Send a JSON array"),
        (b"hello", {}, 400, "Send a JSON array"),
        (b"[1, 2", {}, 400, "not valid JSON"),
        (b'{"event": 1}', {}, 400, "the field “events”"),
        (b"[" * 100_000, {}, 400, "not valid JSON"),
        (b"not gzip", {"HTTP_CONTENT_ENCODING": "gzip"}, 400, "not valid gzip"),
        (gzip.compress(lines(EVENTS))[:-9], {"HTTP_CONTENT_ENCODING": "gzip"}, 400, "cut off"),
        (b"[]", {"HTTP_CONTENT_ENCODING": "br"}, 415, "“br” is not known"),
        (b" " * (MAX_BYTES + 1), {}, 413, "larger than 5 MB"),
        (gzip.compress(b" " * 200_000_000, 9), {"HTTP_CONTENT_ENCODING": "gzip"}, 413, "larger than 5 MB"),
        (b"[" + b",".join([b"{}"] * 5_001) + b"]", {}, 413, "5001 events in one request"),
    ],
)
def test_a_body_that_cannot_be_taken(api, body, headers, status, says):
    answer = api("ingest").generic("POST", URL, body, content_type="application/json", **headers)
    assert (answer.status_code, answer["content-type"]) == (status, "application/problem+json")
    assert says in answer.json()["detail"]
    assert not Event.objects.exists()


def test_a_bad_line_is_told_with_its_number_and_the_rest_is_taken(api):
    body = lines(EVENTS[:2]) + b"\n{broken\n" + lines(EVENTS[2:])
    answer = api("ingest").generic("POST", URL, body, content_type="application/x-ndjson").json()
    assert answer["accepted"] == N
    assert [(r["index"], r["id"]) for r in answer["rejected"]] == [(2, None)]
    assert "not valid JSON" in answer["rejected"][0]["error"]


def test_only_a_key_with_the_scope_may_send(api, client):
    assert client.post(URL, EVENTS, content_type="application/json").status_code == 401
    assert api("read").post(URL, EVENTS).status_code == 403
    assert api("ingest").get(URL).status_code == 405


def test_a_batch_costs_the_same_few_queries_whatever_its_size(merchant, django_assert_max_num_queries):
    chats = [resolved(f"c-{n}", at=NOW - timedelta(days=3, minutes=n)) for n in range(200)]
    ingest_events(merchant, chats[0].events, now=NOW)
    with django_assert_max_num_queries(16):
        assert ingest_events(merchant, all_events(*chats), now=NOW).accepted == 796


def test_what_is_open_ends_when_idle_and_only_once(merchant):
    from analytics.tasks import end_idle_conversations_of

    ingest_events(merchant, still_open(at=NOW - timedelta(hours=1)).events, now=NOW)
    end_idle_conversations_of(merchant.pk)
    assert Conversation.objects.get().outcome == "open"
    with time_machine.travel(NOW + timedelta(hours=24)):
        end_idle_conversations_of(merchant.pk)
        ended = Conversation.objects.get()
        assert (ended.outcome, ended.ended_at) == ("abandoned", NOW + timedelta(hours=23, minutes=1))
        end_idle_conversations_of(merchant.pk)
        assert Conversation.objects.get().updated_at == ended.updated_at
    assert list(Rollup.objects.values_list("n_open", "n_abandoned")) == [(0, 1)]


@pytest.mark.django_db(transaction=True)
def test_writers_of_the_same_conversations_at_once_lose_and_double_nothing(merchant):
    chats = [
        Chat(f"c-{n}", at=NOW - timedelta(days=3))
        .start(customer_id="ann")
        .ask()
        .answer()
        .ask("And?")
        .answer()
        .resolve()
        for n in range(8)
    ]
    events = all_events(*chats)
    barrier, errors, accepted = threading.Barrier(4), [], []

    def write(offset: int) -> None:
        try:
            barrier.wait()
            batches = [events[start : start + 7] for start in range(offset, len(events), 5)]
            accepted.extend(ingest_events(merchant, batch, now=NOW).accepted for batch in batches)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not errors
    assert sum(accepted) == len(events) == Event.objects.count()
    assert Message.objects.count() == 8 * 4
    assert Conversation.objects.filter(outcome="resolved").count() == 8
    found = reconcile(merchant, now=NOW)
    assert (found.n_conversations_changed, found.n_buckets_changed) == (0, 0)


def test_an_object_without_lines_is_one_event():
    assert len(decode_body(json.dumps(EVENTS[0]).encode())) == 1
    with pytest.raises(BodyError):
        decode_body(b"{}")
