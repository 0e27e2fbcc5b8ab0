from datetime import timedelta

import pytest
from django.utils import timezone

from portal.models import Job


@pytest.fixture
def job(merchant, owner):
    return Job.start(merchant, "draft", by=owner)


def url(job):
    return f"/lumen/jobs/{job.pk}/"


def test_a_browser_without_javascript_gets_a_page(sign_in, viewer, job):
    job.report(3, 12, "Reading conversations")
    page = sign_in(viewer).get(url(job)).content.decode()
    assert "<h1>" in page
    assert "Reading conversations" in page
    assert '<progress aria-label="Progress" max="12" value="3">' in page
    assert f'hx-get="{url(job)}"' in page
    assert 'role="status"' in page


def test_htmx_gets_the_part_that_changes(sign_in, viewer, job):
    answer = sign_in(viewer).get(url(job), headers={"hx-request": "true"})
    assert b"<html" not in answer.content
    assert b'hx-trigger="every 2s"' in answer.content
    assert "HX-Refresh" not in answer


@pytest.mark.parametrize(("end", "badge"), [("finish", "Done"), ("fail", "Failed")])
def test_asking_stops_when_the_work_has_ended_and_the_page_shows_its_result(sign_in, viewer, job, end, badge):
    getattr(job, end)("12 conversations read", at=timezone.now())
    answer = sign_in(viewer).get(url(job), headers={"hx-request": "true"})
    page = answer.content.decode()
    assert "hx-trigger" not in page
    assert badge in page
    assert "12 conversations read" in page
    assert answer["HX-Refresh"] == "true"


def test_others_see_no_job(sign_in, stranger, owner, other_merchant, job):
    assert sign_in(stranger).get(url(job)).status_code == 404
    theirs = Job.start(other_merchant, "draft")
    assert sign_in(owner).get(url(theirs)).status_code == 404


def test_it_is_only_read(sign_in, owner, job):
    assert sign_in(owner).post(url(job)).status_code == 405
    assert sign_in(owner).get("/lumen/jobs/999999/").status_code == 404


def test_a_page_finds_what_runs_or_failed_and_what_was_done_since(merchant, other_merchant):
    def found(**since):
        return Job.find_unsettled(merchant, "draft", **since)

    now = timezone.now()
    Job.start(other_merchant, "draft")
    assert found() is None
    first = Job.start(merchant, "draft")
    assert found() == first
    first.fail("TimeoutError", at=now)
    assert found() == first
    second = Job.start(merchant, "draft")
    second.finish("12 weighed", at=now)
    assert found() is None
    assert found(done_since=now - timedelta(seconds=1)) == second
    assert found(done_since=now) is None
