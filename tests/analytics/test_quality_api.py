import pytest
import time_machine

from analytics.tasks import score_ended_conversations_of
from tests.analytics.quality_cases import NOW, told

pytestmark = pytest.mark.django_db
SUMMARY, SCORES = "/api/v1/quality/", "/api/v1/quality/scores/"


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def _scored(merchant, other_merchant):
    told(merchant, "a")
    told(merchant, "b", at="2026-11-21T09:00:00+00:00")
    told(other_merchant, "theirs")
    for one in (merchant, other_merchant):
        score_ended_conversations_of(one.pk)


@pytest.mark.usefixtures("_scored")
def test_the_summary_names_its_scorer_and_its_n(api):
    body = api("read").get(SUMMARY, {"period": "7d"}).json()
    assert (body["scorer"], body["rubric_version"], body["n_eligible"]) == ("local", "1", 2)
    assert body["overall"]["n"] == 2
    assert body["overall"]["low"] <= body["overall"]["value"] <= body["overall"]["high"]
    assert body["dimensions"]["accuracy"] == {"value": None, "n": 0, "low": None, "high": None}
    assert body["is_provisional"] is True


@pytest.mark.usefixtures("_scored")
def test_scores_are_the_merchants_own_and_page_by_cursor(api):
    client = api("read")
    first = client.get(SCORES, {"page_size": 1}).json()
    second = client.get(first["next"]).json()
    threads = [row["thread"] for page in (first, second) for row in page["results"]]
    assert sorted(threads) == ["a", "b"]
    assert first["results"][0]["contributions"]["helpfulness"]
    assert client.get(SCORES, {"updated_since": "2026-11-24T00:00:00Z"}).json()["results"] == []


def test_nothing_scored_is_null_and_not_zero(api):
    body = api("read").get(SUMMARY).json()
    assert (body["overall"], body["scorer"], body["n_eligible"]) == (None, None, 0)


def test_bad_questions_are_problems_that_name_the_field(api):
    client = api("read")
    assert "period" in client.get(SUMMARY, {"period": "sometimes"}).json()["errors"]
    for moment in ("yesterday", "2026-11-24T00:00:00", "2026-13-41T00:00:00Z"):
        answer = client.get(SCORES, {"updated_since": moment})
        assert answer.status_code == 400
        assert "updated_since" in answer.json()["errors"]


@pytest.mark.parametrize("url", [SUMMARY, SCORES])
def test_a_key_without_the_scope_is_refused(api, client, url):
    assert api("ingest").get(url).status_code == 403
    assert client.get(url).status_code == 401
    assert api("read").post(url).status_code == 405
