"""Marking spam on the page and over REST."""

from datetime import UTC, datetime

import pytest
import time_machine

from analytics.models import Conversation, Exclusion, SpamDecision
from tests.events import Chat, resolved, send

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def conversation(merchant):
    send(merchant, resolved("offer", at="2026-11-02T09:00:00+00:00"))
    return Conversation.objects.get()


def page_of(conversation):
    return f"/lumen/conversations/{conversation.pk}/"


def address_of(conversation):
    return f"{page_of(conversation)}spam-decisions/"


def api_address_of(conversation):
    return f"/api/v1/conversations/{conversation.pk}/spam-decisions/"


def test_a_reviewer_marks_it_and_takes_it_back(sign_in, reviewer, conversation):
    client = sign_in(reviewer)
    assert "Mark as spam" in client.get(page_of(conversation)).content.decode()
    marked = client.post(address_of(conversation), {"is_spam": "yes", "reason": "sells lamps"}, follow=True)
    page = marked.content.decode()
    for text in ("Marked as spam.", "Remi Reviewer", "sells lamps", "Not spam: count it again"):
        assert text in page
    conversation.refresh_from_db()
    assert conversation.exclusion == Exclusion.SPAM
    page = client.post(address_of(conversation), {"is_spam": "no"}, follow=True).content.decode()
    assert "It counts again." in page
    conversation.refresh_from_db()
    assert conversation.exclusion == Exclusion.NONE


def test_what_cannot_be_marked_is_told(sign_in, reviewer, merchant):
    send(merchant, Chat("t", at="2026-11-02T09:00:00+00:00").start("ann", is_test=True).ask().answer())
    row = Conversation.objects.get()
    client = sign_in(reviewer)
    assert "Mark as spam" not in client.get(page_of(row)).content.decode()
    assert "test traffic" in client.post(address_of(row), {"is_spam": "yes"}, follow=True).content.decode()
    page = client.post(address_of(row), {"is_spam": "perhaps"}, follow=True).content.decode()
    assert "Say whether it is spam" in page
    assert not SpamDecision.objects.exists()


def test_roles_and_strangers(sign_in, viewer, reviewer, stranger, conversation):
    assert "Mark as spam" not in sign_in(viewer).get(page_of(conversation)).content.decode()
    assert sign_in(viewer).post(address_of(conversation), {"is_spam": "yes"}).status_code == 403
    assert sign_in(stranger).post(address_of(conversation), {"is_spam": "yes"}).status_code == 404
    assert sign_in(reviewer).post("/lumen/conversations/999999/spam-decisions/").status_code == 404
    assert sign_in(reviewer).get(address_of(conversation)).status_code == 405
    assert not SpamDecision.objects.exists()


def test_over_rest(api, conversation):
    client = api("review")
    answer = client.post(api_address_of(conversation), {"is_spam": True, "reason": "bot"})
    assert (answer.status_code, answer.json()) == (200, {"is_changed": True, "exclusion": "spam"})
    assert client.post(api_address_of(conversation), {"is_spam": True}).json()["is_changed"] is False
    decision = SpamDecision.objects.get()
    assert (decision.decided_by, decision.reason, decision.api_key.name) == (None, "bot", "test review")
    assert client.post(api_address_of(conversation), {"is_spam": False}).json()["exclusion"] == ""


def test_rest_refuses(api, conversation, other_merchant, merchant):
    assert api("read").post(api_address_of(conversation), {"is_spam": True}).status_code == 403
    stranger = api("review", of=other_merchant)
    assert stranger.post(api_address_of(conversation), {"is_spam": True}).status_code == 404
    assert api("review").post(api_address_of(conversation), {"reason": "x"}).status_code == 400
    send(merchant, Chat("t", at="2026-11-02T09:00:00+00:00").start("ann", is_test=True).ask().answer())
    test_traffic = Conversation.objects.get(thread="t")
    assert api("review").post(api_address_of(test_traffic), {"is_spam": True}).status_code == 409
