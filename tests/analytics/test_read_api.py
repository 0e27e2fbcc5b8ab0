"""Metrics, series and conversations over REST."""

from datetime import UTC, datetime

import pytest
import time_machine

from analytics.models import Conversation
from tests.events import abandoned, escalated, resolved, send

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def three(merchant):
    """Three conversations of 2 November, one escalated."""
    send(merchant, resolved("a"), resolved("b"), escalated("c"))


def test_metrics(api, three):
    answer = api("read").get("/api/v1/metrics/?period=30d").json()
    rate = answer["metrics"]["resolution_rate"]
    assert (round(rate["value"], 3), rate["n"], rate["unit"]) == (0.667, 3, "rate")
    assert rate["low"] < 2 / 3 < rate["high"]
    assert answer["outcomes"]["escalated"] == 1
    assert answer["metrics"]["n_conversations"]["change"]["kind"] == "new"
    assert answer["data_to"] == "2026-11-02T09:04:02Z"
    assert answer["start"] == "2026-10-22T00:00:00+02:00"


def test_series_has_a_point_for_every_local_day(api, three):
    answer = (
        api("read").get("/api/v1/series/?metric=n_conversations&period=custom&from=2026-11-01&to=2026-11-03").json()
    )
    assert [(p["start"], p["value"]) for p in answer["points"]] == [
        ("2026-11-01", 0),
        ("2026-11-02", 3),
        ("2026-11-03", 0),
    ]


@pytest.mark.parametrize(
    ("url", "field"),
    [
        ("metrics/?period=decade", "period"),
        ("metrics/?period=custom&from=2026-13-01&to=2026-11-01", "from"),
        ("metrics/?period=custom&from=2026-11-05&to=2026-11-01", "to"),
        ("series/?metric=happiness", "metric"),
        ("series/?metric=csat&step=minute", "step"),
        ("conversations/?outcome=great", "outcome"),
        ("conversations/?channel=fax", "channel"),
        ("conversations/?updated_since=yesterday", "updated_since"),
        ("conversations/?updated_since=2026-11-01T00:00:00", "updated_since"),
    ],
)
def test_bad_parameters_are_named(api, merchant, url, field):
    answer = api("read").get(f"/api/v1/{url}")
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [field]


def test_conversations_page_by_cursor_and_go_on_from_updated_since(api, merchant, three):
    reader = api("read")
    first = reader.get("/api/v1/conversations/?page_size=2").json()
    rest = reader.get(first["next"]).json()
    seen = [row["conversation_id"] for row in first["results"] + rest["results"]]
    assert sorted(seen) == ["a", "b", "c"]
    last_update = rest["results"][-1]["updated_at"]
    send(merchant, abandoned("d"))
    fresh = reader.get("/api/v1/conversations/", {"updated_since": last_update}).json()["results"]
    assert fresh[-1]["conversation_id"] == "d"
    assert datetime.fromisoformat(fresh[-1]["updated_at"]) > datetime.fromisoformat(last_update)
    assert [
        row["conversation_id"] for row in reader.get("/api/v1/conversations/?outcome=escalated").json()["results"]
    ] == ["c"]


def test_one_conversation_with_its_messages(api, merchant, other_merchant, three):
    row = Conversation.objects.get(thread="c")
    answer = api("read").get(f"/api/v1/conversations/{row.pk}/").json()
    assert (answer["outcome"], answer["handoff_reason"]) == ("escalated", "missing_knowledge")
    assert [m["author"] for m in answer["messages"]] == ["customer", "agent", "teammate"]
    assert api("read", of=other_merchant).get(f"/api/v1/conversations/{row.pk}/").status_code == 404


@pytest.mark.parametrize("url", ["metrics/", "series/?metric=csat", "conversations/", "conversations/1/"])
def test_scope_and_method(api, merchant, client, url):
    assert client.get(f"/api/v1/{url}").status_code == 401
    assert api("ingest").get(f"/api/v1/{url}").status_code == 403
    assert api("read").post(f"/api/v1/{url}").status_code == 405
