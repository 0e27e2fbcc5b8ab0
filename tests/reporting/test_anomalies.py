"""A shop with six even weeks: a quiet week says nothing, a spike is one incident and one email to who wants it."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from portal.models import Membership, Merchant, Role
from portal.schedule import SCHEDULE
from reporting.models import Anomaly, Delivery, Subscription, Topic
from reporting.tasks import find_anomalies, find_anomalies_of
from reporting.watching import watch
from tests.events import escalated, resolved, send
from tests.reporting.smtp import mail_server

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("tasks_run_at_once")]
NOW = datetime(2026, 11, 23, 9, 20, tzinfo=UTC)
N_WEEKS = 6


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


def an_hour(at: datetime, n: int, *, n_escalated: int = 0, name: str = ""):
    tell = [escalated] * n_escalated + [resolved] * (n - n_escalated)
    return [story(f"{at:%m-%d-%H}-{name}{number}", at=at) for number, story in enumerate(tell)]


@pytest.fixture
def even_weeks(merchant):
    """Every day from eight to nine UTC sixteen conversations, three of them escalated, today too."""
    first = NOW.replace(hour=8, minute=0) - timedelta(weeks=N_WEEKS)
    chats = [chat for day in range(N_WEEKS * 7 + 1) for chat in an_hour(first + timedelta(days=day), 16, n_escalated=3)]
    for start in range(0, len(chats), 100):
        send(merchant, *chats[start : start + 100], now=NOW)
    return first


@pytest.fixture
def wanting_owner(merchant, owner):
    Subscription.subscribe(merchant, owner, at=NOW, topic=Topic.ANOMALIES)
    return owner


def spike(merchant, *, hours_ago=2, n=60):
    send(merchant, *an_hour(NOW.replace(minute=0) - timedelta(hours=hours_ago), n, name="spike"), now=NOW)


def test_even_weeks_are_quiet(merchant, even_weeks, wanting_owner):
    assert watch(merchant, now=NOW) == []
    assert not Anomaly.objects.exists()


def test_a_spike_is_one_incident_and_one_email(merchant, even_weeks, wanting_owner, viewer, other_merchant):
    spike(merchant)
    with mail_server() as postbox:
        find_anomalies()
        find_anomalies()
        with time_machine.travel(NOW + timedelta(hours=1), tick=False):
            spike(merchant, hours_ago=1)
            find_anomalies()

    anomaly = Anomaly.objects.get()
    assert (anomaly.metric, anomaly.is_above, anomaly.merchant) == ("n_conversations", True, merchant)
    assert anomaly.started_at <= NOW.replace(hour=7, minute=0)
    assert anomaly.ended_at == NOW.replace(hour=9, minute=0)
    [message] = postbox.messages
    assert message["To"] == wanting_owner.email
    assert message["Subject"].startswith("Unusually many conversations · ")
    text = message.get_body(("plain",)).get_content()
    assert "60 conversations, Nov 23, 2026, 8:00\u202fAM – 9:00\u202fAM; at these hours" in text
    assert "period=custom&from=2026-11-23&to=2026-11-23" in text


def test_who_did_not_ask_gets_nothing_and_the_page_tells_it(merchant, even_weeks, owner, sign_in):
    spike(merchant)
    find_anomalies_of(merchant.pk)
    assert not Delivery.objects.exists()
    page = sign_in(owner).get(f"/{merchant.slug}/anomalies/").content.decode()
    assert "Unusually many conversations" in page
    assert "60 conversations" in page


def test_only_owners_may_ask_and_only_who_still_is_one_is_told(merchant, even_weeks, owner, viewer, sign_in):
    path = f"/{merchant.slug}/anomalies/subscription/"
    assert sign_in(viewer).post(path, {"wanted": "yes"}).status_code == 403
    assert sign_in(owner).post(path, {"wanted": "yes"}).status_code == 302
    assert "Stop the emails" in sign_in(owner).get(f"/{merchant.slug}/anomalies/").content.decode()
    Membership.objects.filter(merchant=merchant, user=owner).update(role=Role.REVIEWER)
    spike(merchant)
    assert watch(merchant, now=NOW) == []
    assert Anomaly.objects.count() == 1


def test_silence_where_customers_usually_ask_is_unusual(merchant, even_weeks, wanting_owner):
    with time_machine.travel(NOW + timedelta(days=3), tick=False):
        now = NOW + timedelta(days=3)
        assert len(watch(merchant, now=now)) == 1
    anomaly = Anomaly.objects.get()
    assert (anomaly.is_above, anomaly.value) == (False, 0)


def test_silence_of_a_demo_whose_events_are_all_sent_is_no_alarm(merchant, even_weeks):
    Merchant.objects.filter(pk=merchant.pk).update(is_demo=True)
    demo = Merchant.objects.get(pk=merchant.pk)
    later = NOW + timedelta(days=3)
    watch(demo, now=later)
    assert not Anomaly.objects.exists()
    # Somebody sends to it after all: that is told, and the silence before it.
    for hours_ago in (5, 3):
        send(demo, *an_hour(later.replace(minute=0) - timedelta(hours=hours_ago), 60), now=later)
    watch(demo, now=later)
    assert {anomaly.is_above for anomaly in Anomaly.objects.all()} == {True, False}


def test_a_rate_is_judged_once_its_conversations_had_time_to_end(merchant, even_weeks, wanting_owner):
    yesterday = NOW.replace(hour=8, minute=0) - timedelta(days=1)
    send(merchant, *an_hour(yesterday, 40, n_escalated=40, name="broken"), now=NOW)
    assert {each.metric for each in Anomaly.objects.all()} == set()
    watch(merchant, now=NOW - timedelta(hours=2))
    assert {each.metric for each in Anomaly.objects.all()} == {"n_conversations"}
    watch(merchant, now=NOW)
    assert Anomaly.objects.count() == 2
    rate = Anomaly.objects.exclude(metric="n_conversations").get()
    assert rate.metric in ("escalation_rate", "resolution_rate")
    assert rate.announced_at is None
    assert Delivery.objects.count() == 1


def test_an_old_incident_is_kept_but_nobodys_alarm(merchant, even_weeks, wanting_owner):
    spike(merchant)
    watch(merchant, now=NOW + timedelta(days=4))
    assert Anomaly.objects.get(is_above=True).announced_at is None


def test_four_weeks_are_too_early(merchant, owner, sign_in):
    first = NOW.replace(hour=8, minute=0) - timedelta(weeks=4)
    send(merchant, *[chat for day in range(28) for chat in an_hour(first + timedelta(days=day), 1)], now=NOW)
    spike(merchant)
    assert watch(merchant, now=NOW) == []
    page = sign_in(owner).get(f"/{merchant.slug}/anomalies/").content.decode()
    assert "Too early to say" in page
    assert "Nov 30, 2026" in page


def test_the_link_in_the_email_ends_these_emails_and_not_the_report(merchant, even_weeks, wanting_owner, client):
    Subscription.subscribe(merchant, wanting_owner, at=NOW)
    spike(merchant)
    with mail_server() as postbox:
        find_anomalies()
    link = re.search(r"/[\w-]+/reports/unsubscribe/\S+", postbox.messages[0]["List-Unsubscribe"]).group(0).strip("<>")
    assert "unusual hours" in client.get(link).content.decode()
    assert client.post(link).status_code == 200
    assert not Subscription.active(merchant, Topic.ANOMALIES).exists()
    assert Subscription.active(merchant).exists()


def test_pages_of_strangers_and_wrong_methods(merchant, stranger, owner, sign_in):
    path = f"/{merchant.slug}/anomalies/"
    assert sign_in(stranger).get(path).status_code == 404
    assert sign_in(owner).post(path).status_code == 405
    assert sign_in(owner).get(f"{path}subscription/").status_code == 405
    assert "No conversations yet" in sign_in(owner).get(path).content.decode()


def test_it_is_on_the_schedule():
    assert "reporting.tasks.find_anomalies" in {each.task for each in SCHEDULE}
