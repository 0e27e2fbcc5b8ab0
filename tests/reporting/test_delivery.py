"""The way of one email: claimed, sent once, tried again where that helps, given up where it does not."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from reporting.delivery import deliver
from reporting.models import RETRY_AFTER, Delivery, DeliveryState, Report, Topic
from reporting.unsubscribe import PLACEHOLDER, read_token
from tests.reporting.smtp import closed_port, mail_goes_to, mail_server

NOW = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)


@pytest.fixture
def report(merchant):
    return Report.objects.create(
        merchant=merchant,
        start=NOW - timedelta(days=7),
        end=NOW,
        subject="Week of 16 November: 68 % resolved, 3 gaps worth €412 a week",
        digest={},
        html=f'<p>Zwölf Gespräche</p><a href="{PLACEHOLDER}">Unsubscribe</a>',
        text=f"Zwölf Gespräche\nUnsubscribe: {PLACEHOLDER}\n",
    )


@pytest.fixture
def delivery(report, viewer):
    [pk] = report.request_deliveries([viewer.email], by=None)
    return Delivery.objects.get(pk=pk)


@pytest.fixture
def postbox():
    with mail_server() as box:
        yield box


def test_an_email_reaches_its_reader_in_both_forms(delivery, viewer, merchant, postbox):
    deliver(delivery.pk, now=NOW)

    [message] = postbox.messages
    assert message["To"] == viewer.email
    assert message["Subject"].strip() == "Week of 16 November: 68 % resolved, 3 gaps worth €412 a week"
    html = message.get_body(("html",)).get_content()
    text = message.get_body(("plain",)).get_content()
    assert "Zwölf Gespräche" in html
    assert "Zwölf Gespräche" in text
    assert PLACEHOLDER not in html + text
    link = message["List-Unsubscribe"].strip(" <>")
    assert link in html
    assert link in text
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert read_token(merchant, re.search(r"unsubscribe/([^/]+)/", link).group(1)) == (viewer.pk, Topic.REPORT)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.sent_at, delivery.attempts) == (DeliveryState.SENT, NOW, 1)
    assert delivery.message_id == message["Message-ID"]


def test_a_delivery_taken_up_twice_goes_out_once(delivery, postbox):
    deliver(delivery.pk, now=NOW)
    assert deliver(delivery.pk, now=NOW) is None

    assert len(postbox.messages) == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_race_and_one_email_goes_out(delivery, postbox):
    def work(_n: int):
        try:
            return deliver(delivery.pk, now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(work, range(4)))

    assert len(postbox.messages) == 1
    assert sum(result is not None for result in results) == 1


def test_a_temporary_refusal_is_tried_again_later_and_not_before(delivery, viewer, postbox):
    postbox.answers[viewer.email] = "451 4.7.1 Greylisted, come back later"
    deliver(delivery.pk, now=NOW)

    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.WAITING
    assert "451" in delivery.error
    assert delivery.next_attempt_at == NOW + timedelta(minutes=5)

    postbox.answers.clear()
    assert deliver(delivery.pk, now=NOW + timedelta(minutes=4)) is None
    deliver(delivery.pk, now=NOW + timedelta(minutes=5))
    delivery.refresh_from_db()
    assert (delivery.state, delivery.error, delivery.attempts) == (DeliveryState.SENT, "", 2)
    assert len(postbox.messages) == 1


def test_a_permanent_refusal_is_not_tried_again(delivery, viewer, postbox):
    postbox.answers[viewer.email] = "550 5.1.1 No such mailbox"
    deliver(delivery.pk, now=NOW)

    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.FAILED
    assert "550: 5.1.1 No such mailbox" in delivery.error
    assert deliver(delivery.pk, now=NOW + timedelta(days=1)) is None


def test_a_refusal_of_the_content_counts_like_one_of_the_recipient(delivery, postbox):
    postbox.after_content = "554 5.7.1 Looks like spam"
    deliver(delivery.pk, now=NOW)

    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.FAILED


def test_an_unreachable_server_is_tried_until_the_attempts_are_used_up(delivery):
    now, waits = NOW, []
    with mail_goes_to(closed_port()):
        while deliver(delivery.pk, now=now):
            delivery.refresh_from_db()
            if delivery.next_attempt_at is None:
                break
            waits.append(delivery.next_attempt_at - now)
            now = delivery.next_attempt_at

    assert waits == list(RETRY_AFTER)
    assert delivery.state == DeliveryState.FAILED
    assert "could not be reached" in delivery.error


def test_a_worker_that_dies_while_sending_leaves_no_second_email(delivery, postbox):
    assert Delivery.claim(delivery.pk, now=NOW)

    assert Delivery.give_up_lost(now=NOW + timedelta(minutes=14)) == 0
    assert Delivery.give_up_lost(now=NOW + timedelta(minutes=16)) == 1
    assert deliver(delivery.pk, now=NOW + timedelta(hours=1)) is None
    delivery.refresh_from_db()
    assert "not known" in delivery.error
    assert postbox.messages == []


def test_who_left_the_team_gets_no_report(delivery, viewer, postbox):
    viewer.memberships.all().delete()
    deliver(delivery.pk, now=NOW)

    delivery.refresh_from_db()
    assert delivery.state == DeliveryState.FAILED
    assert postbox.messages == []


def test_who_has_the_report_gets_no_second_one_and_a_failed_one_is_tried_again(
    report, delivery, viewer, owner, postbox
):
    deliver(delivery.pk, now=NOW)
    postbox.answers[owner.email] = "550 No"
    [failed] = report.request_deliveries([viewer.email, owner.email], by=owner)
    deliver(failed, now=NOW)

    assert report.request_deliveries([viewer.email, owner.email.upper()], by=owner) == [failed]
    postbox.answers.clear()
    deliver(failed, now=NOW)
    assert [message["To"] for message in postbox.messages] == [viewer.email, owner.email]


def test_without_a_mail_server_the_email_is_a_file_that_mail_programs_open(delivery, settings, tmp_path):
    settings.EMAIL_BACKEND = "portal.mail.OutboxBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path / "outbox")
    deliver(delivery.pk, now=NOW)

    [file] = (tmp_path / "outbox").iterdir()
    assert file.suffix == ".eml"
    written = file.read_text()
    assert "Zwölf Gespräche" in written
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in written
