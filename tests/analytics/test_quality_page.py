import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from analytics.models import Conversation, QualityScore
from analytics.tasks import score_ended_conversations_of
from tests.analytics.quality_cases import NOW, REFUSAL, told

pytestmark = pytest.mark.django_db
URL = "/lumen/quality/"


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


def scored(merchant, thread: str, overall: float, *, version="v1", scorer="local", **dimensions) -> QualityScore:
    conversation = Conversation.objects.filter(merchant=merchant, thread=thread).first()
    return QualityScore.objects.create(
        merchant=merchant,
        conversation=conversation or told(merchant, thread),
        scorer=scorer,
        scorer_version=version,
        rubric_version="1",
        overall=overall,
        created_at=NOW,
        read_state_at=NOW,
        **{"rationale": f"reason of {thread}"} | dimensions,
    )


def test_the_page_shows_means_with_their_n_the_scorer_and_the_worst(
    merchant, viewer, sign_in, django_assert_max_num_queries
):
    for thread, overall in (("a", 0.2), ("b", 0.6), ("c", 0.7)):
        scored(merchant, thread, overall, helpfulness=overall, politeness=0.9)
    told(merchant, "not scored")
    client = sign_in(viewer)
    with django_assert_max_num_queries(30):
        response = client.get(URL)
    page = response.content.decode()
    assert response.status_code == 200
    summary = response.context["summary"]
    assert summary.overall.value == pytest.approx(0.5)
    assert (summary.n_scored, summary.n_eligible, summary.coverage) == (3, 4, 0.75)
    assert {row.dimension: row.mean.n for row in summary.dimensions} == {
        "helpfulness": 3,
        "accuracy": 0,
        "politeness": 3,
        "completeness": 0,
    }
    assert "3 of 4 conversations scored" in page
    assert "Provisional" in page
    assert "Local scorer (v1, rubric 1)" in page
    assert page.index("reason of a") < page.index("reason of b") < page.index("reason of c")
    assert f"/lumen/conversations/{Conversation.objects.get(thread='a').pk}/" in page
    counts = [row[1] for row in response.context["distribution"].rows]
    assert counts == ["0", "0", "1", "0", "0", "0", "1", "1", "0", "0"]


def test_the_lowest_are_told_apart_by_what_pulled_only_them_down(merchant, viewer, sign_in):
    """What all share stands above the table once; a row says what is rare first, and titles end with a whole word."""
    refusal, long = {"refusal": -2.0, "relevance": -1.0}, "How do I change my payment card before the next order " * 3
    told(merchant, "a", question=long)
    for thread, own in (
        ("a", {"relevance": -2.0}),
        ("b", {"slowness": -0.5}),
        ("c", {"slowness": -0.5, "rudeness": -0.4}),
    ):
        parts = {"helpfulness": refusal | own | {"baseline": -9.0, "length": -0.2, "courtesy": 1.0}}
        scored(merchant, thread, 0.1, helpfulness=0.1, contributions=parts)
    for thread, said in (("d", "Accuracy: Invented.\nPoliteness: Kind."), ("e", "Two lines.\nOf one.\nAnd a third.")):
        scored(merchant, thread, 0.1, scorer="llm", rationale=said, accuracy=0.1, politeness=0.9)
    page = sign_in(viewer).get(URL, {"version": "local/v1/1"})
    html = page.content.decode()
    assert [str(one) for one in page.context["shared"]] == [
        "the agent said that it has no answer",
        "how close the answer is to the question",
    ]
    found = {row.score.conversation.thread: list(map(str, row.reasons)) for row in page.context["worst"]}
    assert found == {
        "a": [],
        "b": ["how long the customer waited"],
        "c": ["rude or shouted words", "how long the customer waited"],
    }
    assert "above all: how close the answer is to the question" in html
    assert [str(row.above_all) != "" for row in page.context["worst"]].count(True) == 1
    assert ">How do I change my payment card before the next order How do I change my payment card…<" in html
    judge = sign_in(viewer).get(URL, {"version": "llm/v1/1"}).context["worst"]
    assert {row.score.conversation.thread: row.said for row in judge} == {
        "d": "Invented.",
        "e": "Two lines.\nOf one.\nAnd a third.",
    }


def test_the_page_adds_the_scores_of_the_whole_period_up_once(merchant, viewer, sign_in):
    scored(merchant, "a", 0.2)
    client = sign_in(viewer)
    with CaptureQueriesContext(connection) as asked:
        client.get(URL)
    sums = [query["sql"] for query in asked if "analytics_dayquality" in query["sql"]]
    # By day, by channel and by agent version; and once for the whole.
    assert sorted(query.count("GROUP BY 1, 2, 3\n") for query in sums) == [0, 0, 0, 1]


def test_scores_of_two_versions_are_never_averaged(merchant, viewer, sign_in):
    scored(merchant, "a", 0.2)
    scored(merchant, "b", 0.4)
    scored(merchant, "a", 1.0, version="v2")
    first = sign_in(viewer).get(URL).context["summary"]
    assert (first.version.scorer_version, first.overall.value, first.n_scored) == ("v1", pytest.approx(0.3), 2)
    second = sign_in(viewer).get(URL, {"version": "local/v2/1"}).context["summary"]
    assert (second.version.scorer_version, second.overall.value, second.n_scored) == ("v2", 1.0, 1)
    unknown = sign_in(viewer).get(URL, {"version": "local/v9/1"}).context["summary"]
    assert unknown.version.scorer_version == "v1"


def test_only_conversations_that_started_in_the_period_count(merchant, viewer, sign_in):
    told(merchant, "long ago", at="2026-08-01T09:00:00+00:00")
    scored(merchant, "long ago", 0.1)
    scored(merchant, "now", 0.9)
    assert sign_in(viewer).get(URL, {"period": "7d"}).context["summary"].overall.value == 0.9
    both = sign_in(viewer).get(URL, {"period": "custom", "from": "2026-07-01", "to": "2026-11-23"})
    assert both.context["summary"].overall.value == pytest.approx(0.5)
    weeks = both.context["trend"].config["data"]
    assert len(weeks["labels"]) == 2
    assert weeks["datasets"][0]["data"] == [pytest.approx(0.1), pytest.approx(0.9)]


def test_without_scores_the_page_says_what_is_needed(merchant, viewer, sign_in):
    response = sign_in(viewer).get(URL)
    assert response.status_code == 200
    assert "No scores in this period" in response.content.decode()


def test_what_could_not_be_scored_is_listed_with_its_reason(merchant, viewer, sign_in):
    told(merchant, "odd").messages.filter(author="customer").delete()
    score_ended_conversations_of(merchant.pk)
    page = sign_in(viewer).get(URL).content.decode()
    assert "The agent answered no question of the customer." in page


def test_a_stranger_gets_404_and_anonymous_the_sign_in(merchant, stranger, sign_in, client):
    assert sign_in(stranger).get(URL).status_code == 404
    assert client.get(URL).status_code == 302


def test_posting_is_not_allowed(merchant, viewer, sign_in):
    assert sign_in(viewer).post(URL).status_code == 405


def test_a_period_that_makes_no_sense_is_answered_with_the_usual_one(merchant, viewer, sign_in):
    response = sign_in(viewer).get(URL, {"period": "custom", "from": "2026-11-05", "to": "2026-11-01"})
    assert response.status_code == 200
    assert response.context["period"].kind == "30d"


def test_texts_of_customers_are_escaped(merchant, viewer, sign_in):
    told(merchant, question="<script>alert(1)</script> my card?", answer=REFUSAL)
    score_ended_conversations_of(merchant.pk)
    assert "<script>alert(1)" not in sign_in(viewer).get(URL).content.decode()
