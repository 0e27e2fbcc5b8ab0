"""Conversations over REST: the list that a client keeps up with, and one of them."""

from datetime import UTC, datetime, timedelta
from threading import Event, Thread

import pytest
import time_machine
from django.db import connection, transaction

from analytics.models import Conversation, Counting
from analytics.queries import totals
from portal.models import ApiKey, Scope
from portal.periods import parse_period
from tests.events import Chat, abandoned, escalated, resolved, send

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def three(merchant):
    """Three conversations of 2 November, one escalated."""
    send(merchant, resolved("a"), resolved("b"), escalated("c"))


def threads(answer) -> list[str]:
    return [row["conversation_id"] for row in answer["results"]]


def walk(client, url: str) -> tuple[list[str], str]:
    """→ all threads of all pages, and the last cursor."""
    found: list[str] = []
    while url:
        answer = client.get(url).json()
        found += threads(answer)
        url = answer["next"]
    return found, answer["cursor"]


def test_pages_by_cursor_and_on_from_there(api, merchant, three):
    reader = api("read")
    seen, cursor = walk(reader, "/api/v1/conversations/?page_size=2")
    assert sorted(seen) == ["a", "b", "c"]
    nothing = reader.get("/api/v1/conversations/", {"cursor": cursor}).json()
    assert nothing == {"next": None, "cursor": cursor, "results": []}
    send(merchant, abandoned("d"), Chat("a", at="2026-11-02T10:00:00+00:00").rate(5))
    later = reader.get("/api/v1/conversations/", {"cursor": cursor}).json()
    assert sorted(threads(later)) == ["a", "d"]


def test_more_conversations_of_one_batch_than_a_page_holds(api, merchant):
    """All of a batch changed at the same moment, so the moment alone cannot be the position."""
    send(merchant, *(resolved(f"c-{n}") for n in range(25)))
    seen, _cursor = walk(api("read"), "/api/v1/conversations/?page_size=3")
    assert sorted(seen) == sorted(f"c-{n}" for n in range(25))
    assert len({row.updated_at for row in Conversation.objects.all()}) == 1


def test_updated_since_takes_moments_of_any_zone(api, merchant, three):
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        send(merchant, resolved("d"))
        reader = api("read")
        for moment in ("2026-11-20T12:30:00Z", "2026-11-20T18:15:00+05:45"):
            assert threads(reader.get("/api/v1/conversations/", {"updated_since": moment}).json()) == ["d"]


def test_no_change_is_missed_while_others_write(transactional_db, merchant):
    """A slow batch takes its moment first and commits last: readers wait for its turn, they do not skip it."""
    _row, key = ApiKey.create(merchant, name="reader", scopes=[Scope.READ])
    from rest_framework.test import APIClient

    reader = APIClient(headers={"authorization": f"Bearer {key}"})
    send(merchant, resolved("first"))
    _seen, cursor = walk(reader, "/api/v1/conversations/")
    holds, may_commit = Event(), Event()

    def slow() -> None:
        with transaction.atomic():
            Counting.lock(merchant)
            send(merchant, resolved("slow"), now=NOW)
            holds.set()
            may_commit.wait(10)
        connection.close()

    def fast() -> None:
        send(merchant, resolved("fast"), now=NOW - timedelta(minutes=1))
        connection.close()

    writers = [Thread(target=slow), Thread(target=fast)]
    writers[0].start()
    assert holds.wait(10)
    writers[1].start()
    during = reader.get("/api/v1/conversations/", {"cursor": cursor}).json()
    may_commit.set()
    for writer in writers:
        writer.join(10)
    after, _cursor = walk(reader, f"/api/v1/conversations/?cursor={during['cursor']}")
    assert sorted(threads(during) + after) == ["fast", "slow"]
    moments = dict(Conversation.objects.for_merchant(merchant).values_list("thread", "updated_at"))
    assert moments["first"] < moments["slow"] < moments["fast"]


@pytest.mark.parametrize(
    ("outcome", "expected"), [("", 3), ("resolved", 2), ("escalated", 1), ("ended", 3), ("excluded", 1)]
)
def test_a_list_holds_what_the_number_counts(api, merchant, three, outcome, expected):
    send(merchant, Chat("t").start(is_test=True).ask().answer())
    filters = {"outcome": outcome} if outcome else {}
    answer = api("read").get("/api/v1/conversations/", {"period": "30d", **filters}).json()
    whole = totals(merchant, parse_period({}, zone=merchant.zone, now=NOW), now=NOW)
    column = f"n_{outcome}" if outcome else "n_conversations"
    assert len(answer["results"]) == getattr(whole, column) == expected


def test_filters(api, merchant, three):
    send(merchant, Chat("d", channel="email").start(language="de", agent_version="2").ask("Was kostet es?").answer())
    reader = api("read")
    for query, expected in (
        ("channel=email", ["d"]),
        ("language=de", ["d"]),
        ("agent_version=1&outcome=escalated", ["c"]),
        ("reason=missing_knowledge", ["c"]),
        ("text=c", ["c"]),
        ("period=day", []),
        ("rating=unrated&language=de", ["d"]),
    ):
        assert threads(reader.get(f"/api/v1/conversations/?{query}").json()) == expected, query


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("outcome=great", "outcome"),
        ("channel=fax", "channel"),
        ("rating=11", "rating"),
        ("topic=nonsense", "topic"),
        ("updated_since=yesterday", "updated_since"),
        ("updated_since=2026-11-01T00:00:00", "updated_since"),
        ("cursor=bm90aGluZw", "cursor"),
        ("cursor=%C3%A4", "cursor"),
        ("page_size=0", "page_size"),
        ("page_size=501", "page_size"),
        ("text=%00", "text"),
    ],
)
def test_bad_parameters_are_named(api, merchant, query, field):
    answer = api("read").get(f"/api/v1/conversations/?{query}")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])


def test_one_conversation_with_all_that_happened(api, merchant, other_merchant, three):
    send(
        merchant,
        Chat("d")
        .start()
        .ask()
        .retrieve("order", [{"article_id": "kb-1", "score": 0.8}])
        .answer("Soon.", sources=[{"article_id": "kb-1", "score": 0.8}])
        .click("kb-1")
        .rate(4, comment="quick"),
    )
    row = Conversation.objects.get(thread="d")
    answer = api("read").get(f"/api/v1/conversations/{row.pk}/").json()
    assert [(m["author"], m["sources"]) for m in answer["messages"]] == [
        ("customer", []),
        ("agent", [{"article_id": "kb-1", "score": 0.8}]),
    ]
    assert [(event["type"], event["data"].get("query")) for event in answer["events"]] == [
        ("conversation.started", None),
        ("knowledge.retrieved", "order"),
        ("citation.clicked", None),
        ("rating.given", None),
    ]
    assert (answer["rating"], answer["scores"]) == (4, [])
    assert api("read", of=other_merchant).get(f"/api/v1/conversations/{row.pk}/").status_code == 404


@pytest.mark.parametrize("url", ["conversations/", "conversations/1/"])
def test_scope_and_method(api, merchant, client, url):
    assert client.get(f"/api/v1/{url}").status_code == 401
    assert api("ingest").get(f"/api/v1/{url}").status_code == 403
    assert api("read").post(f"/api/v1/{url}").status_code == 405
