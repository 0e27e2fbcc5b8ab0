import pytest
import time_machine

from analytics.calibrating import calibrate_merchant
from analytics.models import Calibration, Label
from portal.models import Job
from tests.analytics.calibration_cases import NOW, planted
from tests.analytics.label_builder import plant, plant_conversations

pytestmark = pytest.mark.django_db
URL, MEASURE, API = "/lumen/quality/agreement/", "/lumen/quality/agreement/measurements/", "/api/v1/quality/agreement"


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def calibrated(merchant):
    found = planted(merchant)
    calibrate_merchant(merchant, now=NOW)
    return found


def test_the_page_tells_every_dimension_with_its_interval_and_the_ceiling(
    calibrated, viewer, sign_in, django_assert_max_num_queries
):
    client = sign_in(viewer)
    with django_assert_max_num_queries(30):
        response = client.get(URL)
    page, text = response.context["page"], response.content.decode()
    stored = Calibration.objects.get(dimension="overall").findings
    assert [str(row.label) for row in page.rows] == [
        *("Overall", "Helpfulness", "Accuracy", "Politeness", "Completeness"),
    ]
    assert not page.shown.is_provisional
    assert "calibrated" in text
    row, agreement = page.rows[0], stored["agreement"]
    assert (row.n, row.n_people) == (40, 10)
    assert row.spearman.value == f"{agreement['spearman']:.2f}"
    assert row.spearman.interval == f"{agreement['spearman_low']:.2f} – {agreement['spearman_high']:.2f}"
    assert row.spearman.interval in text
    assert page.interval in text
    assert "20 more labels narrow the interval" in text
    assert sum(int(cell) for cells in response.context["scatter"].rows for cell in cells[1:]) == 40
    assert "Labels lie around the calibrated scores" in text


def test_twenty_labels_say_provisional_and_how_many_are_missing(merchant, reviewer, sign_in):
    planted(merchant, n_labels=20)
    calibrate_merchant(merchant, now=NOW)
    response = sign_in(reviewer).get(URL)
    text = response.content.decode()
    assert "10 more labels of random conversations until" in text
    assert "provisional" in text
    assert "calibrated</span>" not in text
    assert "/lumen/quality/labels/" in text


def test_another_dimension_and_version_can_be_chosen_and_odd_ones_are_not_an_error(calibrated, viewer, sign_in):
    client = sign_in(viewer)
    assert client.get(URL, {"dimension": "politeness"}).context["page"].shown.dimension == "politeness"
    odd = client.get(URL, {"dimension": "charm", "version": "nobody/0/0"})
    assert odd.context["page"].shown.dimension == "overall"


def test_history_is_drawn_when_there_is_any(calibrated, merchant, viewer, sign_in):
    assert sign_in(viewer).get(URL).context["history"] is None
    conversations, _scores, _people, picked = calibrated
    plant(next(each for n, each in enumerate(conversations) if n not in set(picked)), 0.5)
    calibrate_merchant(merchant, now=NOW)
    history = sign_in(viewer).get(URL).context["history"]
    assert [row[1] for row in history.rows] == ["40", "41"]


def test_without_labels_the_page_leads_to_them(merchant, viewer, reviewer, sign_in):
    assert "No labels yet" in sign_in(viewer).get(URL).content.decode()
    assert "/lumen/quality/labels/" in sign_in(reviewer).get(URL).content.decode()
    plant(plant_conversations(merchant, 1)[0], 0.5)
    assert "nothing is measured yet" in sign_in(viewer).get(URL).content.decode()


def test_a_reviewer_measures_now_and_sees_the_job(
    merchant, reviewer, viewer, sign_in, django_capture_on_commit_callbacks
):
    planted(merchant)
    assert sign_in(viewer).post(MEASURE).status_code == 403
    with django_capture_on_commit_callbacks(execute=False) as callbacks:
        assert sign_in(reviewer).post(MEASURE).status_code == 302
        assert sign_in(reviewer).post(MEASURE).status_code == 302
    assert len(callbacks) == 1
    job = Job.objects.get(kind="calibrate")
    assert sign_in(reviewer).get(URL).context["job"] == job

    from analytics.calibration_tasks import calibrate_for_page

    for _time in range(2):
        calibrate_for_page(job.pk)
    job.refresh_from_db()
    assert (job.state, job.message) == ("done", "5 measurements are new.")
    assert sign_in(reviewer).get(URL).context["page"].shown.n == 40


def test_strangers_anonymous_people_and_other_methods(calibrated, stranger, viewer, sign_in, client):
    assert sign_in(stranger).get(URL).status_code == 404
    assert client.get(URL).status_code == 302
    assert sign_in(viewer).post(URL).status_code == 405
    assert sign_in(viewer).get(MEASURE).status_code == 405


def test_the_api_gives_every_figure_with_its_interval(calibrated, other_merchant, api):
    rows = api("read").get(API).json()["results"]
    found = next(row for row in rows if row["dimension"] == "overall")
    spearman = found["scores_with_people"]["spearman"]
    assert spearman["low"] < spearman["value"] < spearman["high"]
    errors = [found[by]["mean_absolute_error"]["value"] for by in ("calibrated_with_people", "scores_with_people")]
    assert errors[0] < 0.9 * errors[1]
    assert found["corrected_mean"]["low"] < found["corrected_mean"]["value"] < found["raw_mean"]
    assert found["people_with_people"]["n"] == 10
    assert (found["is_provisional"], found["missing"]) == (False, "")
    assert [row["more_labels"] for row in found["advice"]] == [20, 50]
    assert len(found["curve"]) == 101
    assert api("read", of=other_merchant).get(API).json() == {"results": []}
    assert api("ingest").get(API).status_code == 403


def test_a_dimension_without_enough_labels_says_so_beside_a_calibrated_overall(merchant, calibrated, viewer, sign_in):
    Label.objects.for_merchant(merchant).update(accuracy=None)
    calibrate_merchant(merchant, now=NOW)
    Calibration.objects.filter(dimension="politeness").update(is_provisional=True)
    text = sign_in(viewer).get("/lumen/quality/", {"period": "30d"}).content.decode()
    assert text.count("n = 120, provisional") == 2
    assert "Corrected by people’s labels" in text


def test_the_summary_over_rest_is_the_headline_of_the_page(calibrated, api, viewer, sign_in):
    body = api("read").get("/api/v1/quality/", {"period": "30d"}).json()
    page = sign_in(viewer).get("/lumen/quality/", {"period": "30d"})
    metrics = api("read").get("/api/v1/metrics/", {"period": "30d"}).json()["metrics"]["quality_score"]
    overview = sign_in(viewer).get("/lumen/", {"period": "30d"})
    assert body["is_provisional"] is False
    assert body["overall"]["value"] == page.context["summary"].overall.value == metrics["value"]
    assert body["overall"]["value"] < body["raw"]["value"]
    assert "Provisional" not in page.content.decode()
    card = next(card for card, _url in overview.context["overview"].cards if card.key == "quality_score")
    assert card.value == f"{body['overall']['value']:.0%}"
    assert "provisional" not in card.note
