from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from improvement.articles import save_article
from improvement.models import Gap, GapStatus, Question
from portal.models import Job, JobState
from tests.improvement.gap_builder import make_gap

NOW = datetime(2026, 10, 20, 9, tzinfo=UTC)


@pytest.fixture
def gap(merchant) -> Gap:
    found = make_gap(merchant)
    Gap.objects.filter(pk=found.pk).update(
        impact_per_week=3.5, money_per_week=11.67, questions_per_week=4, verified_resolution_rate=0.125, priority="high"
    )
    found.refresh_from_db()
    return found


def test_the_list_shows_the_factors_and_filters(sign_in, viewer, gap, merchant, django_assert_max_num_queries):
    make_gap(merchant, [("pay my bill", None)], name="pay bill", status="dismissed")
    client = sign_in(viewer)
    with django_assert_max_num_queries(30):
        html = client.get("/lumen/gaps/").content.decode()
    for shown in ("reset password", "€11.67", "3.5", "4.0", "12%", "High"):
        assert shown in html
    assert "pay bill" not in html
    assert "pay bill" in client.get("/lumen/gaps/?status=dismissed").content.decode()
    assert "reset password" not in client.get("/lumen/gaps/?priority=low").content.decode()
    assert client.get("/lumen/gaps/?status=nonsense&priority=nonsense&page=x").status_code == 200


def test_the_list_shows_what_is_new_or_reopened(sign_in, viewer, gap, merchant):
    Gap.objects.filter(pk=gap.pk).update(created_at=timezone.now() - timedelta(days=8))
    make_gap(merchant, [("pay my bill", None)], name="pay bill", status="reopened")
    Gap.objects.filter(name="pay bill").update(created_at=timezone.now() - timedelta(days=30))
    make_gap(merchant, [("lost my key", None)], name="lost key")
    client = sign_in(viewer)
    for fresh, shown in (
        ("", {"reset password", "pay bill", "lost key"}),
        ("new", {"lost key"}),
        ("reopened", {"pay bill"}),
        ("old", {"reset password", "pay bill", "lost key"}),
    ):
        rows = client.get(f"/lumen/gaps/?fresh={fresh}", follow=True).context["rows"]
        assert {row.gap.name for row in rows} == shown
    assert "No gap matches" in client.get("/lumen/gaps/?status=dismissed&fresh=new").content.decode()


def test_an_empty_list_says_what_to_do(sign_in, viewer):
    assert "No questions yet" in sign_in(viewer).get("/lumen/gaps/").content.decode()


def test_one_gap_shows_examples_weeks_and_why_the_nearest_article_is_not_enough(
    sign_in, reviewer, gap, merchant, django_assert_max_num_queries
):
    article = save_article(
        merchant, external_id="a", title="Create an account", body="Choose a password.", updated_at=NOW
    )
    Question.objects.filter(gap=gap).update(nearest_article=article, nearest_similarity=0.41)
    client = sign_in(reviewer)
    with time_machine.travel(NOW), django_assert_max_num_queries(30):
        html = client.get(f"/lumen/gaps/{gap.pk}/").content.decode()
    for shown in ("I forgot my password", "Create an account", "0.41", "12 customers", "Draft an article", "Dismiss"):
        assert shown in html


def test_a_viewer_sees_no_buttons_and_may_not_decide(sign_in, viewer, gap):
    client = sign_in(viewer)
    assert "Draft an article" not in client.get(f"/lumen/gaps/{gap.pk}/").content.decode()
    for action in ("names", "dismissals", "reopenings"):
        assert client.post(f"/lumen/gaps/{gap.pk}/{action}/").status_code == 403
    assert client.post("/lumen/gaps/refreshes/").status_code == 403


def test_strangers_and_wrong_ids_get_404_and_wrong_methods_405(sign_in, stranger, reviewer, gap):
    outside, inside = sign_in(stranger), sign_in(reviewer)
    for path in ("/lumen/gaps/", f"/lumen/gaps/{gap.pk}/"):
        assert outside.get(path).status_code == 404
        assert inside.post(path).status_code == 405
    assert outside.get(f"/himal/gaps/{gap.pk}/").status_code == 404
    assert inside.get("/lumen/gaps/999999/").status_code == 404
    for action in ("names", "dismissals", "reopenings"):
        assert inside.get(f"/lumen/gaps/{gap.pk}/{action}/").status_code == 405
        assert outside.post(f"/himal/gaps/{gap.pk}/{action}/").status_code == 404


def test_a_reviewer_renames_dismisses_and_undoes_it(sign_in, reviewer, gap):
    client = sign_in(reviewer)
    client.post(f"/lumen/gaps/{gap.pk}/names/", {"name": "Passwords"})
    html = client.post(f"/lumen/gaps/{gap.pk}/dismissals/", {"dismissal": "not_a_gap"}, follow=True).content.decode()
    gap.refresh_from_db()
    assert (gap.name, gap.status, gap.dismissal) == ("Passwords", GapStatus.DISMISSED, "not_a_gap")
    assert "Undo the dismissal" in html
    assert "0 of 1 decided gaps got an article" in client.get("/lumen/gaps/").content.decode()
    client.post(f"/lumen/gaps/{gap.pk}/reopenings/")
    gap.refresh_from_db()
    assert gap.status == GapStatus.REOPENED


def test_a_dismissal_without_a_choice_changes_nothing(sign_in, reviewer, gap):
    html = sign_in(reviewer).post(f"/lumen/gaps/{gap.pk}/dismissals/", {}, follow=True).content.decode()
    assert "Choose why" in html
    gap.refresh_from_db()
    assert gap.status == GapStatus.OPEN


def test_refresh_starts_one_job_however_often_it_is_wished(sign_in, reviewer, gap, django_capture_on_commit_callbacks):
    client = sign_in(reviewer)
    for _time in range(2):
        with django_capture_on_commit_callbacks():  # the broker is not under test
            client.post("/lumen/gaps/refreshes/")
    job = Job.objects.get(kind="find_gaps")
    assert job.state == JobState.WAITING
    assert "/lumen/jobs/" in client.get("/lumen/gaps/").content.decode()


def test_support_staff_find_gaps_of_all_merchants(client, staff, gap):
    client.force_login(staff)
    assert "reset password" in client.get("/admin/improvement/gap/?q=reset").content.decode()
    assert client.get(f"/admin/improvement/gap/{gap.pk}/change/").status_code == 200
    client.post(f"/admin/improvement/gap/{gap.pk}/change/", {"name": "Locked out"})
    gap.refresh_from_db()
    assert (gap.name, gap.is_renamed) == ("Locked out", True)


def test_the_api_lists_gaps_and_shows_one_with_examples(api, gap, merchant, other_merchant):
    theirs = make_gap(other_merchant, [("pay", None)], name="theirs")
    client = api("read")
    (row,) = client.get("/api/v1/gaps/").json()["results"]
    assert (row["id"], row["name"], row["impact_per_week"], row["money_per_week"]) == (
        gap.pk,
        "reset password",
        3.5,
        "11.67",
    )
    assert client.get("/api/v1/gaps/?status=dismissed").json()["results"] == []
    assert client.get("/api/v1/gaps/?status=nonsense").status_code == 400
    assert len(client.get(f"/api/v1/gaps/{gap.pk}/").json()["examples"]) == 12
    assert client.get(f"/api/v1/gaps/{theirs.pk}/").status_code == 404
    assert api("ingest").get("/api/v1/gaps/").status_code == 403
