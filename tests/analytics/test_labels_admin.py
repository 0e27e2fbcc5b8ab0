"""Support staff at the queue of any merchant: blind as well, and attributed."""

from datetime import UTC, datetime

import pytest
import time_machine

from analytics.labelling import save_marks
from analytics.models import Label, LabelTask, QualityScore, Stratum, TargetReason
from portal.models import User
from tests.analytics.label_builder import plant, plant_conversations

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MARKS = {"helpfulness": 0.25, "accuracy": None, "politeness": 1.0, "completeness": 0.5}
POSTED = {"mark-helpfulness": "1", "mark-accuracy": "0.75", "mark-politeness": "na", "mark-completeness": "0.5"}
QUEUE = "/admin/analytics/labeltask/queue/lumen/"


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def task(merchant):
    (conversation,) = plant_conversations(merchant, 1)
    QualityScore.objects.create(
        merchant=merchant,
        conversation=conversation,
        scorer="local",
        scorer_version="s-1",
        rubric_version="1",
        overall=0.91357,
        rationale="What the scorer thought",
        created_at=NOW,
        read_state_at=NOW,
    )
    return LabelTask.objects.create(
        merchant=merchant,
        conversation=conversation,
        stratum=Stratum.TARGETED,
        reason=TargetReason.LOW_RATING,
        rubric_version="1",
        n_reviewers=2,
        created_at=NOW,
    )


def test_staff_label_across_merchants_by_their_own_name(merchant, staff, sign_in, task):
    client = sign_in(staff)
    assert "Lumen Lighting" in client.get("/admin/analytics/labeltask/").content.decode()
    assert "Where is my order?" in client.get(QUEUE).content.decode()
    client.post(QUEUE, {"task": task.pk} | POSTED)
    label = Label.objects.get()
    assert (label.reviewer, label.marks["helpfulness"], label.marks["politeness"]) == (staff, 1.0, None)
    client.post(QUEUE, {"undo": "yes"})
    label.refresh_from_db()
    assert label.withdrawn_at == NOW
    client.post(QUEUE, {"task": task.pk, "reason": "noise"})
    assert Label.objects.get(withdrawn_at=None).skip_reason == "noise"


def test_the_queue_of_staff_is_blind_and_so_is_the_list_until_nobody_is_asked(merchant, owner, staff, sign_in, task):
    save_marks(task, MARKS, by=owner, now=NOW, comment="Quite wrong, I think")
    client = sign_in(staff)
    queue, listed = client.get(QUEUE).content.decode(), client.get("/admin/analytics/label/").content.decode()
    for secret in ("0.91", "scorer thought", "Quite wrong", "Olivia", "low_rating", "Low rating", "Targeted"):
        assert secret not in queue
    assert "Olivia" not in listed
    client.post(QUEUE, {"task": task.pk} | POSTED)
    assert "Olivia Owner" in client.get("/admin/analytics/label/").content.decode()


def test_an_incomplete_form_saves_nothing_and_keeps_what_was_chosen(staff, sign_in, task):
    page = sign_in(staff).post(QUEUE, {"task": task.pk, "mark-helpfulness": "1"}).content.decode()
    assert "Choose a step" in page
    assert page.count(" checked") == 1
    assert Label.objects.count() == 0


def test_the_list_is_for_reading(merchant, staff, sign_in):
    planted = plant(plant_conversations(merchant, 1)[0], 0.5).labels.get()
    client = sign_in(staff)
    assert "Reviewer 1" in client.get("/admin/analytics/label/?task__stratum__exact=random").content.decode()
    assert client.get("/admin/analytics/label/add/").status_code == 403
    assert client.post(f"/admin/analytics/label/{planted.pk}/delete/", {"post": "yes"}).status_code == 403


def test_staff_without_the_permission_do_not_label(sign_in, merchant, db):
    clerk = User.objects.create_user("clerk@aftercare.example", name="Clerk")
    User.objects.filter(pk=clerk.pk).update(is_staff=True)
    assert sign_in(clerk).get(QUEUE).status_code == 403


def test_a_merchant_that_does_not_exist_is_not_found(staff, sign_in, db):
    assert sign_in(staff).get("/admin/analytics/labeltask/queue/nobody/").status_code == 404
