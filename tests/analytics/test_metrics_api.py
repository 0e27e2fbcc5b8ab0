"""Numbers over REST: metrics of a period, over time, and by part."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.conf import settings

from analytics.counted_apart import APART
from analytics.metrics import METRICS
from analytics.models import Conversation, QualityScore, Scorer
from improvement.models import Question
from tests.events import Chat, abandoned, escalated, resolved, send, still_open

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DIMENSIONS = ("channel", "language", "agent_version")


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def ask(api):
    client = api("read")

    def get(path: str, **params):
        answer = client.get(f"/api/v1/{path}/", params)
        assert answer.status_code == 200, answer.content
        return answer.json()

    return get


@pytest.fixture
def three(merchant):
    """Three conversations of 2 November, one escalated."""
    send(merchant, resolved("a"), resolved("b"), escalated("c"))


def telling(thread: str, *, channel: str, language: str, version: str, at: str, escalates: bool = False) -> Chat:
    chat = Chat(thread, channel=channel, at=at).start(f"of {thread}", language=language, agent_version=version)
    chat.ask().answer(cost=0.25)
    return chat.hand_off("missing_knowledge").close() if escalates else chat.resolve()


@pytest.fixture
def mixed(merchant):
    """Two channels, two languages and one unknown, two versions; 7 counted and one greeting."""
    send(
        merchant,
        telling("a", channel="widget", language="en", version="1", at="2026-11-02T09:00:00+00:00"),
        telling("b", channel="widget", language="de", version="1", at="2026-11-02T10:00:00+00:00"),
        telling("c", channel="email", language="de", version="2", at="2026-11-03T10:30:00+00:00"),
        telling("d", channel="email", language="", version="2", at="2026-11-03T23:30:00+00:00", escalates=True),
        telling("e", channel="widget", language="en", version="2", at="2026-11-10T09:00:00+00:00", escalates=True),
        escalated("f", reason="customer_request", at="2026-11-11T09:00:00+00:00"),
        Chat("g", at="2026-11-12T09:00:00+00:00").start("of g").ask().answer().teammate().close(),
        Chat("h", at="2026-11-12T09:00:00+00:00").start("of h").ask("hello").answer(),
    )


def test_metrics(ask, three):
    answer = ask("metrics", period="30d")
    rate = answer["metrics"]["resolution_rate"]
    assert (round(rate["value"], 3), rate["n"], rate["unit"], rate["version"]) == (0.667, 3, "rate", 1)
    assert rate["low"] < 2 / 3 < rate["high"]
    assert answer["outcomes"]["escalated"] == 1
    assert answer["metrics"]["n_conversations"]["change"]["kind"] == "new"
    assert answer["data_to"] == "2026-11-02T09:04:02Z"
    assert (answer["start"], answer["end"]) == ("2026-10-22T00:00:00+02:00", "2026-11-20T14:00:00+01:00")
    assert answer["previous"] == {"start": "2026-09-22T00:00:00+02:00", "end": "2026-10-21T14:00:00+02:00"}


def test_every_metric_of_the_registry_is_answered_and_has_a_reader(ask, three):
    assert list(ask("metrics")["metrics"]) == list(METRICS)
    assert set(settings.METRIC_READERS) == set(APART)


def test_unique_customers_quality_and_coverage_are_counted_and_compared(ask, merchant):
    """Two weeks: 1 customer scored 0.5 before; 2 customers in 3 conversations, scored 0.8 and 0.6, 1 of 2 covered."""
    send(merchant, resolved("first", at="2026-11-01T09:00:00+00:00"), resolved("old", at="2026-11-10T09:00:00+00:00"))
    again = Chat("b2", at="2026-11-17T12:00:00+00:00").start("customer of b").ask().answer().resolve()
    send(merchant, resolved("a", at="2026-11-17T09:00:00+00:00"), resolved("b", at="2026-11-17T10:00:00+00:00"), again)
    for thread, overall in (("old", 0.5), ("a", 0.8), ("b", 0.6)):
        score(merchant, thread, overall)
    for thread, is_covered in (("a", True), ("b", False), ("b2", None)):
        question(merchant, thread, is_covered)
    metrics = ask("metrics", period="7d")["metrics"]
    customers, coverage, quality = (metrics[key] for key in APART)
    assert (customers["value"], customers["previous"], customers["change"]["value"]) == (2, 1, 1.0)
    assert (quality["value"], quality["n"], quality["previous"]) == (pytest.approx(0.7), 2, 0.5)
    assert quality["low"] < 0.7 < quality["high"]
    assert (coverage["value"], coverage["n"], coverage["previous"]) == (0.5, 2, None)


def score(merchant, thread: str, overall: float, version: str = "prior-1") -> None:
    QualityScore.objects.create(
        merchant=merchant,
        conversation=Conversation.objects.get(merchant=merchant, thread=thread),
        scorer=Scorer.LOCAL,
        scorer_version=version,
        rubric_version="1",
        overall=overall,
        rationale="",
        created_at=NOW,
        read_state_at=NOW,
    )


def question(merchant, thread: str, is_covered: bool | None) -> None:
    conversation = Conversation.objects.get(merchant=merchant, thread=thread)
    Question.objects.create(
        merchant=merchant,
        conversation=conversation,
        text="?",
        asked_at=conversation.started_at,
        embedding=[0.0] * 384,
        embedding_model="m",
        is_covered=is_covered,
    )


def test_scores_of_two_versions_are_not_compared(ask, merchant):
    send(merchant, resolved("old", at="2026-11-10T09:00:00+00:00"), resolved("a", at="2026-11-17T09:00:00+00:00"))
    score(merchant, "old", 0.2, version="prior-1")
    score(merchant, "a", 0.9, version="prior-2")
    quality = ask("metrics", period="7d")["metrics"]["quality_score"]
    assert (quality["value"], quality["previous"], quality["change"]["kind"]) == (0.9, 0.2, "none")


def test_without_comparison_there_is_no_window_before(ask, three):
    answer = ask("metrics", compare="off")
    assert answer["previous"] is None
    assert {(metric["previous"], metric["change"]) for metric in answer["metrics"].values()} == {(None, None)}
    assert answer["metrics"]["n_conversations"]["value"] == 3


@pytest.mark.parametrize("by", DIMENSIONS)
def test_a_filtered_number_is_that_part_of_the_breakdown(ask, mixed, by):
    parts = ask("breakdowns", by=by)["parts"]
    assert len(parts) > 1
    for part in parts:
        answer = ask("metrics", **{by: part["key"] or "-"}, compare="off")["metrics"]
        assert answer["n_conversations"]["value"] == part["n"]
        assert {key: answer[key]["value"] for key in part["metrics"]} == {
            key: value["value"] for key, value in part["metrics"].items()
        }


def test_filters_go_together(ask, mixed):
    assert ask("metrics", channel="email", language="de")["metrics"]["n_conversations"]["value"] == 1
    assert ask("metrics", channel="sms")["metrics"]["n_conversations"]["value"] == 0
    assert ask("metrics", language="-")["metrics"]["unique_customers"]["value"] == 1


@pytest.mark.parametrize("by", [*DIMENSIONS, "outcome", "hour_of_week"])
def test_parts_add_up_to_the_whole(ask, mixed, by):
    whole = ask("metrics")["metrics"]
    answer = ask("breakdowns", by=by)
    assert answer["n"] == sum(part["n"] for part in answer["parts"]) == whole["n_conversations"]["value"] == 7
    assert sum(part["share"] for part in answer["parts"]) == pytest.approx(1)
    if by != "outcome":
        cost = sum(part["metrics"]["agent_cost"]["value"] or 0 for part in answer["parts"])
        assert cost == whole["agent_cost"]["value"] == 1.25


def test_handoff_reasons_add_up_to_the_escalated_ones(ask, mixed):
    answer = ask("breakdowns", by="handoff_reason")
    assert [(part["key"], part["n"], part["metrics"]) for part in answer["parts"]] == [
        ("missing_knowledge", 2, None),
        ("", 1, None),
        ("customer_request", 1, None),
    ]
    assert answer["n"] == ask("metrics")["outcomes"]["escalated"] == 4


def test_hours_of_the_week_are_those_of_the_merchants_zone(api, other_merchant):
    """18:20 UTC on Sunday is 00:05 on Monday in Kathmandu."""
    send(other_merchant, resolved("a", at="2026-11-08T18:20:00+00:00"))
    answer = api("read", of=other_merchant).get("/api/v1/breakdowns/?by=hour_of_week&metric=unique_customers").json()
    assert len(answer["parts"]) == 168
    busy = [part for part in answer["parts"] if part["n"]]
    assert [(part["key"], part["metrics"]["unique_customers"]["value"]) for part in busy] == [("1-00", 1)]


def values(series):
    return [(point["start"], point["value"]) for point in series["points"]]


def test_series_has_a_point_for_every_local_day(ask, three):
    answer = ask("series", metric="n_conversations", **{"from": "2026-11-01", "to": "2026-11-03"})
    [only] = answer["series"]
    assert (only["metric"], only["part"], answer["step"], answer["by"]) == ("n_conversations", None, "day", None)
    assert values(only) == [("2026-11-01", 0), ("2026-11-02", 3), ("2026-11-03", 0)]


def test_several_metrics_split_by_channel(ask, mixed):
    answer = ask("series", metric=["n_conversations", "resolution_rate"], by="channel", step="week")
    assert [(each["part"], each["metric"]) for each in answer["series"]] == [
        ("widget", "n_conversations"),
        ("widget", "resolution_rate"),
        ("email", "n_conversations"),
        ("email", "resolution_rate"),
    ]
    emails = values(answer["series"][2])
    assert emails == [("2026-10-19", 0), ("2026-10-26", 0), ("2026-11-02", 2), ("2026-11-09", 0), ("2026-11-16", 0)]
    assert values(answer["series"][3])[2] == ("2026-11-02", 0.5)
    whole = sum(value for each in answer["series"][::2] for _start, value in values(each))
    assert whole == 7


@pytest.mark.parametrize("step", ["hour", "day", "week", "month"])
def test_steps_add_up_to_the_period(ask, mixed, step):
    [counted, customers] = ask("series", metric=["n_conversations", "unique_customers"], step=step, period="month")[
        "series"
    ]
    assert sum(value for _start, value in values(counted)) == 7
    # Seven customers, each on one day.
    assert values(customers) == values(counted)


def test_hours_of_the_day_on_which_the_clock_goes_back(ask, merchant):
    """00:30 and 01:30 UTC are both half past two in Berlin."""
    send(
        merchant,
        resolved("a", at="2026-10-25T00:30:00+00:00"),
        resolved("b", at="2026-10-25T01:30:00+00:00"),
        resolved("c", at="2026-10-25T01:40:00+00:00"),
    )
    found = ask("series", metric=["n_conversations", "unique_customers"], step="hour", period="day", on="2026-10-25")
    for series in found["series"]:
        assert len(series["points"]) == 25
        assert values(series)[2:4] == [("2026-10-25T02:00:00+02:00", 1), ("2026-10-25T02:00:00+01:00", 2)]


def test_too_many_points_are_refused_with_a_way_out(api, merchant):
    answer = api("read").get("/api/v1/series/?metric=csat&step=hour&from=2025-01-01&to=2026-11-01")
    assert answer.status_code == 400
    assert answer.json()["errors"]["step"][0].startswith("That is 16,0")
    assert "Use a longer step" in answer.json()["errors"]["step"][0]
    year = "/api/v1/series/?metric=csat&step=hour&from=2025-11-20&to=2026-11-19"
    assert api("read").get(year).status_code == 200


@pytest.mark.parametrize(
    ("url", "field"),
    [
        ("metrics/?period=decade", "period"),
        ("metrics/?period=custom&from=2026-13-01&to=2026-11-01", "from"),
        ("metrics/?from=2026-11-05&to=2026-11-01", "to"),
        ("metrics/?compare=maybe", "compare"),
        ("metrics/?chanel=email", "chanel"),
        ("metrics/?channel=", "channel"),
        ("metrics/?channel=email&channel=sms", "channel"),
        ("series/", "metric"),
        ("series/?metric=happiness", "metric"),
        ("series/?metric=csat&step=minute", "step"),
        ("series/?metric=csat&by=outcome", "by"),
        ("breakdowns/", "by"),
        ("breakdowns/?by=mood", "by"),
    ],
)
def test_bad_parameters_are_named(api, merchant, url, field):
    answer = api("read").get(f"/api/v1/{url}")
    assert (answer.status_code, answer["content-type"]) == (400, "application/problem+json")
    assert list(answer.json()["errors"]) == [field]


@pytest.mark.parametrize("url", ["metrics/", "series/?metric=csat", "breakdowns/?by=channel"])
def test_scope_and_method(api, merchant, client, url):
    assert client.get(f"/api/v1/{url}").status_code == 401
    assert api("ingest").get(f"/api/v1/{url}").status_code == 403
    refused = api("read").post(f"/api/v1/{url}")
    assert (refused.status_code, refused["allow"]) == (405, "GET, HEAD")


def test_numbers_of_another_merchant_stay_there(api, ask, other_merchant, mixed):
    answer = api("read", of=other_merchant).get("/api/v1/metrics/").json()
    assert answer["metrics"]["n_conversations"]["value"] == 0
    assert answer["metrics"]["unique_customers"]["value"] == 0


def test_open_and_abandoned_count_as_themselves(ask, merchant):
    send(merchant, abandoned("a"), still_open("b", at="2026-11-20T11:30:00+00:00"))
    assert {key: n for key, n in ask("metrics")["outcomes"].items() if n} == {"abandoned": 1, "open": 1}
