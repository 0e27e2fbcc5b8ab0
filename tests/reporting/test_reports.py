"""From a Monday at 08:00 to an email in the box, and the pages around it."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from portal.models import Job
from reporting.models import Delivery, Report, Subscription
from reporting.tasks import send_due_reports, send_weekly_report
from reporting.unsubscribe import unsubscribe_url
from tests.events import resolved, send
from tests.reporting.conftest import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("tasks_run_at_once")]


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def report(merchant, busy_week):
    send_weekly_report(merchant.pk)
    return Report.objects.for_merchant(merchant).get()


def subscribe(merchant, user):
    Subscription.subscribe(merchant, user, at=NOW - timedelta(days=30))


def test_the_report_tells_the_week_in_the_merchants_words(report):
    assert report.subject == "Week of 16 November: 67% resolved, 3 conversations"
    assert "3 conversations started. The agent resolved 66.7% of those that ended" in report.text
    assert "Resolved, confirmed: 1 (33.3%)" in report.text
    assert "Nov 16, 2026 – Nov 22, 2026" in report.text
    assert "Europe/Berlin" in report.text
    assert "<style>" in report.html
    assert 'style="' in report.html
    assert "prefers-color-scheme: dark" in report.html
    assert report.digest["n_conversations"] == 3


def test_gaps_are_in_the_subject_with_their_worth(merchant, busy_week, make_gap):
    make_gap("PFAS-free rainwear", money="300.40")
    make_gap("Customs", money="112.00")
    send_weekly_report(merchant.pk)

    report = Report.objects.get()
    assert report.subject == "Week of 16 November: 67% resolved, 2 gaps worth €412 a week"
    assert re.search(r"PFAS-free rainwear: 100\.1 questions a week, worth €300", report.text)


def test_a_german_merchant_reads_german_numbers_and_euros(merchant, busy_week, make_gap):
    merchant.locale = "de"
    merchant.save()
    make_gap("Zoll", money="1412.00")
    send_weekly_report(merchant.pk)

    text = Report.objects.get().text
    assert "66,7\xa0%" in text
    assert "1.412\xa0€" in text


def test_a_week_without_conversations_is_told_as_one(merchant):
    send(merchant, resolved("a", at="2026-11-02T09:00:00+00:00"))
    send_weekly_report(merchant.pk)

    assert Report.objects.get().subject == "Week of 16 November: no conversations arrived"


def test_a_merchant_that_never_sent_an_event_gets_no_report(merchant):
    send_weekly_report(merchant.pk)

    assert not Report.objects.exists()


def test_the_task_run_twice_sends_one_email(merchant, viewer, busy_week, outbox):
    subscribe(merchant, viewer)
    send_due_reports()
    send_due_reports()
    send_weekly_report(merchant.pk)

    [email] = outbox()
    assert "To: vera@lumen.example" in email
    assert Report.objects.count() == 1
    assert Delivery.objects.get().state == "sent"


@pytest.mark.parametrize(
    ("moment", "n"),
    [
        # Monday 08:00 in Kathmandu (+05:45) is 02:15 UTC.
        (datetime(2026, 11, 23, 2, 14, 59, tzinfo=UTC), 0),
        (datetime(2026, 11, 23, 2, 15, tzinfo=UTC), 1),
        # The scheduler was down for a day and a half: late is better than never.
        (datetime(2026, 11, 24, 14, 0, tzinfo=UTC), 1),
    ],
)
def test_monday_eight_o_clock_is_the_merchants(other_merchant, stranger, outbox, moment, n):
    send(other_merchant, resolved("a", at="2026-11-17T09:00:00+00:00"), now=NOW)
    subscribe(other_merchant, stranger)
    with time_machine.travel(moment, tick=False):
        send_due_reports()

    assert len(outbox()) == n


def test_who_subscribes_after_the_hour_waits_for_the_next_week(merchant, viewer, busy_week, outbox):
    Subscription.subscribe(merchant, viewer, at=NOW - timedelta(hours=1))
    send_due_reports()
    assert outbox() == []

    with time_machine.travel(NOW + timedelta(days=7), tick=False):
        send_due_reports()
    assert len(outbox()) == 1


def test_who_left_or_unsubscribed_gets_nothing(merchant, viewer, reviewer, busy_week, outbox):
    subscribe(merchant, viewer)
    subscribe(merchant, reviewer)
    viewer.memberships.all().delete()
    Subscription.unsubscribe(merchant, reviewer, at=NOW)
    send_due_reports()

    assert outbox() == []


def test_the_list_and_one_report(sign_in, viewer, report, django_assert_max_num_queries):
    client = sign_in(viewer)
    with django_assert_max_num_queries(15):
        assert report.subject in client.get("/lumen/reports/").content.decode()
    with django_assert_max_num_queries(15):
        page = client.get(f"/lumen/reports/{report.pk}/")
    html = page.content.decode()
    assert f'src="/lumen/reports/{report.pk}/email/"' in html
    assert "Resolved, confirmed: 1 (33.3%)" in html
    assert "unsubscribe.invalid" not in html
    assert "Send now to 0 subscribers" not in html  # owners alone send to all


def test_the_mailed_html_runs_no_script_and_loads_nothing(sign_in, viewer, report):
    answer = sign_in(viewer).get(f"/lumen/reports/{report.pk}/email/")

    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "style-src 'unsafe-inline'" in policy
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert "unsubscribe.invalid" not in answer.content.decode()


def test_send_it_to_me_reports_its_progress(sign_in, viewer, report, outbox, django_capture_on_commit_callbacks):
    client = sign_in(viewer)
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(f"/lumen/reports/{report.pk}/deliveries/", {"to": "me"})
    assert answer.status_code == 302
    assert len(outbox()) == 1
    assert Job.objects.get().state == "done"
    page = client.get(answer["Location"]).content.decode()
    assert "vera@lumen.example" in page
    assert "Sent" in page

    with django_capture_on_commit_callbacks(execute=True):
        again = client.post(f"/lumen/reports/{report.pk}/deliveries/", {"to": "me"}, follow=True)
    assert "has this report" in again.content.decode()
    assert len(outbox()) == 1


def test_only_an_owner_sends_to_everybody(
    sign_in, viewer, owner, merchant, report, outbox, django_capture_on_commit_callbacks
):
    subscribe(merchant, viewer)
    subscribe(merchant, owner)
    url = f"/lumen/reports/{report.pk}/deliveries/"
    assert sign_in(viewer).post(url, {"to": "subscribers"}).status_code == 403
    with django_capture_on_commit_callbacks(execute=True):
        sign_in(owner).post(url, {"to": "subscribers"})
    assert len(outbox()) == 2


def test_writing_last_weeks_report_before_its_hour_sends_nothing_yet(
    sign_in, viewer, reviewer, merchant, busy_week, outbox
):
    subscribe(merchant, viewer)
    assert sign_in(viewer).post("/lumen/reports/").status_code == 403
    with time_machine.travel(datetime(2026, 11, 23, 1, tzinfo=UTC), tick=False):
        answer = sign_in(reviewer).post("/lumen/reports/")
        send_due_reports()
    assert answer["Location"] == f"/lumen/reports/{Report.objects.get().pk}/"
    assert outbox() == []

    send_due_reports()
    assert len(outbox()) == 1


def test_subscribing_and_unsubscribing_on_the_page(sign_in, viewer, merchant):
    client = sign_in(viewer)
    client.post("/lumen/reports/subscription/", {"wanted": "yes"})
    assert [row.user for row in Subscription.active(merchant)] == [viewer]
    client.post("/lumen/reports/subscription/", {"wanted": "no"})
    assert not Subscription.active(merchant)


def test_unsubscribing_from_an_email_needs_no_sign_in_and_a_scanner_does_not_do_it(client, viewer, merchant):
    subscribe(merchant, viewer)
    url = unsubscribe_url(merchant, viewer).removeprefix("http://localhost:8000")

    assert "vera@lumen.example will get no more" in client.get(url).content.decode()
    assert Subscription.active(merchant).exists()
    # What a mail program sends (RFC 8058).
    answer = client.post(url, {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert not Subscription.active(merchant).exists()


def test_a_forged_link_and_one_of_another_merchant_do_nothing(client, viewer, merchant, other_merchant):
    subscribe(merchant, viewer)
    url = unsubscribe_url(merchant, viewer).removeprefix("http://localhost:8000")

    assert client.post(url.replace("/lumen/", "/himal/")).status_code == 404
    assert client.post(url[:-4] + "aaa/").status_code == 404
    assert client.delete(url).status_code == 405
    assert Subscription.active(merchant).exists()


def test_one_click_works_where_csrf_is_enforced(viewer, merchant):
    from django.test import Client

    subscribe(merchant, viewer)
    url = unsubscribe_url(merchant, viewer).removeprefix("http://localhost:8000")
    assert Client(enforce_csrf_checks=True).post(url).status_code == 200


@pytest.mark.parametrize("path", ["reports/", "reports/{}/", "reports/{}/email/"])
def test_strangers_see_no_report(sign_in, stranger, report, path):
    client = sign_in(stranger)
    assert client.get("/lumen/" + path.format(report.pk)).status_code == 404
    if "{}" in path:
        assert client.get("/himal/" + path.format(report.pk)).status_code == 404


def test_bad_ids_and_wrong_methods(sign_in, owner, report):
    client = sign_in(owner)
    assert client.get("/lumen/reports/999999/").status_code == 404
    assert client.get("/lumen/reports/999999/email/").status_code == 404
    assert client.post("/lumen/reports/999999/deliveries/", {"to": "me"}).status_code == 404
    assert client.post(f"/lumen/reports/{report.pk}/deliveries/", {"to": "all"}).status_code == 404
    assert client.post(f"/lumen/reports/{report.pk}/").status_code == 405
    assert client.get(f"/lumen/reports/{report.pk}/deliveries/").status_code == 405
    assert client.get("/lumen/reports/subscription/").status_code == 405


def test_the_api_lists_reports_and_tells_one_whole(api, report, other_merchant):
    [row] = api("read").get("/api/v1/reports/").json()["results"]
    one = api("read").get(f"/api/v1/reports/{report.pk}/").json()

    assert row["subject"] == report.subject
    assert one["digest"]["n_conversations"] == 3
    assert one["text"] == report.text
    assert api("read", of=other_merchant).get(f"/api/v1/reports/{report.pk}/").status_code == 404
    assert api("read").get("/api/v1/reports/?updated_since=2027-01-01T00:00:00Z").json()["results"] == []
    assert api("read").get("/api/v1/reports/?updated_since=monday").status_code == 400
    assert api("ingest").get("/api/v1/reports/").status_code == 403


def test_support_staff_read_everything_and_send_again_what_failed(sign_in, staff, viewer, report):
    [pk] = report.request_deliveries([viewer.email], by=None)
    Delivery.objects.filter(pk=pk).update(state="failed", error="550 No", attempts=1)
    client = sign_in(staff)
    for model in ("report", "delivery", "subscription"):
        assert client.get(f"/admin/reporting/{model}/").status_code == 200
    assert client.get(f"/admin/reporting/report/{report.pk}/change/").status_code == 200
    client.post("/admin/reporting/delivery/", {"action": "send_again", "_selected_action": [pk]})
    assert Delivery.objects.get(pk=pk).state == "waiting"
