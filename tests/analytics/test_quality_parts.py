"""Quality taken apart: over time, by channel, agent version and topic, the lowest, and what would help."""

from datetime import date, timedelta

import numpy as np
import pytest
import time_machine

from analytics import quality, quality_parts
from analytics.coaching import coach
from analytics.coaching_words import ADVICE
from analytics.features import Feature
from analytics.models import Conversation, QualityScore
from analytics.quality_parts import Moments, by_part, find_standing
from analytics.quality_series import read_series
from analytics.sealing import seal_days
from improvement.models import Gap, Question
from portal.embeddings import DIMENSIONS
from portal.periods import Period
from tests.analytics.quality_cases import NOW, told

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


def scored(merchant, thread: str, overall: float, *, version="v1", rest=None, **told_as) -> QualityScore:
    conversation = Conversation.objects.filter(merchant=merchant, thread=thread).first()
    return QualityScore.objects.create(
        merchant=merchant,
        conversation=conversation or told(merchant, thread, **told_as),
        scorer="local",
        scorer_version=version,
        rubric_version="1",
        overall=overall,
        rationale=f"reason of {thread}",
        created_at=NOW,
        read_state_at=NOW,
        **(rest or {}),
    )


@pytest.fixture
def period(merchant):
    return Period(NOW - timedelta(days=30), NOW, merchant.zone, "30d")


def in_gap(score: QualityScore, gap: Gap) -> None:
    Question.objects.create(
        merchant=score.merchant,
        conversation=score.conversation,
        text=score.conversation.question,
        asked_at=score.conversation.started_at,
        embedding=[0.0] * DIMENSIONS,
        embedding_model="test",
        gap=gap,
    )


def a_gap(merchant, name: str) -> Gap:
    return Gap.objects.create(
        merchant=merchant, name=name, centroid=[0.0] * DIMENSIONS, first_asked_at=NOW, last_asked_at=NOW
    )


def test_each_version_has_its_own_line_and_its_beginning(merchant, period):
    for day, version, overall in ((10, "v1", 0.2), (10, "v1", 0.4), (12, "v1", 0.5), (12, "v2", 0.9), (14, "v2", 0.7)):
        thread = f"{day} {overall}"
        scored(merchant, thread, overall, version=version, at=f"2026-11-{day}T09:00:00+00:00", agent_version="a1")
    scored(merchant, "new agent", 0.7, version="v2", at="2026-11-14T10:00:00+00:00", agent_version="a2")
    found = read_series(merchant, period, quality.versions(merchant, period))
    lines = {line.version.scorer_version: {d.day: m.value for d, m in line.means.items()} for line in found.lines}
    assert lines["v1"] == {10: pytest.approx(0.3), 12: pytest.approx(0.5)}
    assert lines["v2"] == {12: pytest.approx(0.9), 14: pytest.approx(0.7)}
    begun = [(beginning.on, beginning.label) for beginning in found.beginnings]
    assert begun == [
        (date(2026, 11, 12), "Scores of Local scorer (v2, rubric 1) begin"),
        (date(2026, 11, 14), "Agent version a2 began"),
    ]


def test_sealed_days_tell_the_same_parts(merchant, period):
    for number in range(8):
        scored(
            merchant,
            f"c{number}",
            number / 10,
            agent_version=f"a{number % 2}",
            channel="email" if number < 3 else "widget",
        )
    version = quality.versions(merchant, period)[0]
    before = {by: by_part(merchant, period, version, by) for by in ("channel", "agent_version")}
    assert seal_days(merchant, now=NOW) > 0
    for by, parts in before.items():
        sealed = by_part(merchant, period, version, by)
        assert [(part.key, part.mean.n, part.standing) for part in sealed] == [
            (part.key, part.mean.n, part.standing) for part in parts
        ]
        assert [part.mean.value for part in sealed] == pytest.approx([part.mean.value for part in parts])
        assert [part.mean.low for part in sealed] == pytest.approx([part.mean.low for part in parts])
    assert [(part.key, part.mean.n) for part in before["channel"]] == [("widget", 5), ("email", 3)]
    assert {part.key: part.mean.value for part in before["agent_version"]} == {
        "a0": pytest.approx(0.3),
        "a1": pytest.approx(0.4),
    }


def test_topics_are_the_merchants_own_and_only_of_this_version(merchant, other_merchant, period):
    refunds, other = a_gap(merchant, "Refunds"), a_gap(other_merchant, "Theirs")
    for number in range(3):
        in_gap(scored(merchant, f"c{number}", 0.2), refunds)
    scored(merchant, "c0", 1.0, version="v2")
    scored(merchant, "elsewhere", 0.8)
    in_gap(scored(other_merchant, "theirs", 0.1), other)
    version = quality.versions(merchant, period)[0]
    (part,) = by_part(merchant, period, version, "topic")
    assert (part.key, part.label, part.mean.n, part.mean.value) == (str(refunds.pk), "Refunds", 3, pytest.approx(0.2))


def test_what_is_no_part_is_refused(merchant, period):
    scored(merchant, "a", 0.5)
    with pytest.raises(ValueError, match="by='mood'"):
        by_part(merchant, period, quality.versions(merchant, period)[0], "mood")


def moments(values: list[float]) -> Moments:
    return Moments(len(values), sum(values), sum(value * value for value in values))


@pytest.mark.parametrize(
    ("part", "rest", "standing"),
    [
        ([0.2, 0.3] * 10, [0.7, 0.8] * 10, "lower"),
        ([0.9, 0.8] * 10, [0.7, 0.2] * 10, "higher"),
        ([0.5, 0.9, 0.1] * 4, [0.6, 0.9, 0.2] * 4, ""),
        ([0.1] * (quality_parts.MIN_N - 1), [0.9] * 40, ""),
    ],
)
def test_a_part_is_worse_only_beyond_chance(part, rest, standing):
    assert find_standing(moments(part), moments(rest)) == standing


def test_equal_traffic_is_rarely_called_different():
    rng = np.random.default_rng(3)
    called = [
        bool(find_standing(moments(list(rng.beta(2, 1, 30))), moments(list(rng.beta(2, 1, 300))))) for _ in range(500)
    ]
    assert sum(called) <= 15


def test_notes_count_what_pulled_most_and_name_the_help(merchant, period):
    refusing = {"baseline": -4.0, "refusal": -2.5, "length": -0.4, "relevance": 0.3}
    short = {"length": -1.0, "relevance": 0.2}
    for thread, value, parts in (("a", 0.1, refusing), ("b", 0.2, refusing), ("c", 0.3, short), ("d", 0.9, refusing)):
        rest = {"helpfulness": value, "politeness": 0.9, "contributions": {"helpfulness": parts}}
        scored(merchant, thread, value, rest=rest)
    summary = quality.summary(merchant, period)
    notes = coach(summary.dimensions, quality.worst(merchant, period, summary.version, limit=200))
    (note,) = notes
    assert (note.mean.dimension, note.n_weak) == ("helpfulness", 3)
    assert [(str(reason.label), reason.n) for reason in note.reasons] == [
        ("the agent said that it has no answer", 2),
        ("how detailed the answer is", 1),
    ]
    assert note.reasons[0].advice.link.url_name == "gaps"
    assert [score.conversation.thread for score in note.examples] == ["a", "b"]


def test_every_feature_that_can_lower_a_score_has_its_advice():
    assert {str(feature) for feature in Feature} - set(ADVICE) == {"confirmed"}


def test_the_page_shows_all_of_it(merchant, viewer, sign_in, django_assert_max_num_queries):
    gap = a_gap(merchant, "Refunds")
    for number in range(6):
        rest = {"helpfulness": 0.2, "accuracy": 0.1, "contributions": {"helpfulness": {"refusal": -2.0}}}
        in_gap(scored(merchant, f"low{number}", 0.2, rest=rest, agent_version="a2"), gap)
        scored(merchant, f"high{number}", 0.9, rest={"helpfulness": 0.9}, agent_version="a1")
    client = sign_in(viewer)
    with django_assert_max_num_queries(30):
        page = client.get("/lumen/quality/").content.decode()
    assert f"topic={gap.pk}" in page
    assert "agent_version=a2" in page
    assert 'badge--bad">lower<' in page
    assert "Write the articles that are missing." in page
    assert "Accuracy 10%" in page


def test_rest_tells_the_same(merchant, api):
    gap = a_gap(merchant, "Refunds")
    for number in range(2):
        rest = {"helpfulness": 0.2, "contributions": {"helpfulness": {"refusal": -2.0}}}
        in_gap(scored(merchant, f"c{number}", 0.2 + number / 10, rest=rest), gap)
    client = api("read")
    series = client.get("/api/v1/quality/series/?step=day").json()
    assert [[point["value"] for point in line["points"]] for line in series["series"]] == [[pytest.approx(0.25)]]
    topics = client.get("/api/v1/quality/breakdown/?by=topic").json()["rows"]
    assert [(row["key"], row["label"], row["n"]) for row in topics] == [(str(gap.pk), "Refunds", 2)]
    lowest = client.get("/api/v1/quality/lowest/?limit=1").json()["scores"]
    assert [score["thread"] for score in lowest] == ["c0"]
    (note,) = client.get("/api/v1/quality/coaching/").json()["notes"]
    assert (note["dimension"], note["n_weak"], note["reasons"][0]["n"]) == ("helpfulness", 2, 2)
    refused = client.get("/api/v1/quality/breakdown/?by=topic&version=local/v9/1")
    assert refused.status_code == 400
    assert "local/v1/1" in str(refused.json())


def test_rest_without_scores_is_empty_and_not_wrong(merchant, api):
    client = api("read")
    assert client.get("/api/v1/quality/series/").json()["series"] == []
    assert client.get("/api/v1/quality/breakdown/?by=channel").json()["rows"] == []
    assert client.get("/api/v1/quality/lowest/").json() == {"version": None, "scores": []}
    assert client.get("/api/v1/quality/coaching/").json()["notes"] == []
