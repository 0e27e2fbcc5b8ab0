"""Support staff see proofs, rejections and decisions, change none of them, and may mark spam themselves."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.contrib.auth.models import Permission

from analytics import recount
from analytics.ingest import ingest_events
from analytics.models import Conversation, SpamDecision
from portal.models import User
from tests.events import Chat, resolved, send

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ADMIN = "/admin/analytics"


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def told(merchant):
    test = Chat("test", at="2026-11-02T10:00:00+00:00").start("di", is_test=True).ask().answer()
    send(merchant, resolved("offer", at="2026-11-02T09:00:00+00:00"), test)
    ingest_events(merchant, [{"id": "no"}], now=NOW)
    recount.reconcile(merchant, now=NOW)


@pytest.mark.parametrize("table", ["conversation", "spamdecision", "reconciliation", "rejectedevents"])
def test_staff_read_and_change_nothing(sign_in, staff, told, table):
    client = sign_in(staff)
    assert client.get(f"{ADMIN}/{table}/").status_code == 200
    assert client.get(f"{ADMIN}/{table}/add/").status_code == 403


def test_staff_mark_spam_and_are_told_what_cannot_be(sign_in, staff, told):
    rows = list(Conversation.objects.values_list("pk", flat=True))
    client = sign_in(staff)
    page = client.post(f"{ADMIN}/conversation/", {"action": "mark_spam", "_selected_action": rows}, follow=True)
    assert "test traffic" in page.content.decode()
    assert "1 conversation changed." in page.content.decode()
    assert SpamDecision.objects.get().decided_by == staff
    client.post(f"{ADMIN}/conversation/", {"action": "mark_not_spam", "_selected_action": rows}, follow=True)
    assert Conversation.objects.get(thread="offer").exclusion == ""


def test_staff_without_the_permission_mark_nothing(sign_in, told):
    reader = User.objects.create_user("rita@aftercare.example", name="Rita", is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_conversation"))
    rows = list(Conversation.objects.values_list("pk", flat=True))
    sign_in(reader).post(f"{ADMIN}/conversation/", {"action": "mark_spam", "_selected_action": rows}, follow=True)
    assert not SpamDecision.objects.exists()
