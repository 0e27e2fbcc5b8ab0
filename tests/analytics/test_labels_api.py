"""Labels over REST: out when nobody can read the other's first, and in with their sample declared."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from analytics.labelling import save_marks
from analytics.labels import read_marks
from analytics.models import Label, LabelTask, Stratum
from portal.models import AuditEntry
from tests.analytics.label_builder import plant_conversations

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MARKS = {"helpfulness": 0.75, "accuracy": None, "politeness": 1.0, "completeness": 0.5}
URL = "/api/v1/labels/"


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


def sent(conversation, reviewer="Ada", **more):
    return {"conversation_id": conversation.pk, "reviewer": reviewer, "marks": MARKS} | more


def test_labels_come_out_with_what_calibration_needs(merchant, owner, reviewer, api):
    (conversation,) = plant_conversations(merchant, 1)
    task = LabelTask.objects.create(
        merchant=merchant,
        conversation=conversation,
        stratum=Stratum.RANDOM,
        rubric_version="1",
        n_reviewers=2,
        created_at=NOW,
    )
    client = api("read")
    save_marks(task, MARKS, by=reviewer, now=NOW - timedelta(hours=3), comment="Fine")
    assert client.get(URL).json()["results"] == []  # the second person might read it
    seen = client.get(URL, {"updated_since": NOW.isoformat()}).json()
    save_marks(task, MARKS | {"helpfulness": 1.0}, by=owner, now=NOW)
    first, second = client.get(URL, {"updated_since": NOW.isoformat()}).json()["results"]
    assert seen["results"] == []
    assert (first["reviewer_name"], second["reviewer_name"]) == ("Remi Reviewer", "Olivia Owner")
    assert {key: first[key] for key in MARKS} == MARKS
    assert (first["stratum"], first["rubric_version"], first["comment"]) == ("random", "1", "Fine")
    assert first["conversation_id"] == conversation.pk


def test_imported_labels_are_targeted_unless_declared_random_and_stand_beside_ours(merchant, api):
    first, second = plant_conversations(merchant, 2)
    body = {"labels": [sent(first), sent(second, stratum="random"), sent(second, "Bo", stratum="random")]}
    answer = api("review").post(URL, body, format="json")
    assert answer.json() == {"added": 3, "replaced": 0, "unchanged": 0}
    found = {marked.conversation_id: marked for marked in read_marks(merchant, rubric_version="1")}
    assert found[first.pk].stratum == Stratum.TARGETED
    assert found[second.pk].stratum == Stratum.RANDOM
    assert found[second.pk].ratings["helpfulness"] == (0.75, 0.75)
    entry = AuditEntry.objects.get(verb="label.imported")
    assert entry.detail == {"n_labels": 3, "n_random": 2, "rubric_version": "1"}


def test_sent_again_nothing_changes_and_a_correction_withdraws_what_was_said(merchant, api):
    (conversation,) = plant_conversations(merchant, 1)
    client, body = api("review"), {"labels": [sent(conversation)]}
    client.post(URL, body, format="json")
    assert client.post(URL, body, format="json").json() == {"added": 0, "replaced": 0, "unchanged": 1}
    corrected = {"labels": [sent(conversation, marks=MARKS | {"helpfulness": 0.0})]}
    assert client.post(URL, corrected, format="json").json()["replaced"] == 1
    assert [label.withdrawn_at is None for label in Label.objects.order_by("id")] == [False, True]
    assert read_marks(merchant, rubric_version="1")[0].truth["helpfulness"] == 0.0


def test_two_imported_people_who_differ_are_a_disagreement(merchant, api):
    (conversation,) = plant_conversations(merchant, 1)
    other = sent(conversation, "Bo", marks=MARKS | {"politeness": 0.5})
    api("review").post(URL, {"labels": [sent(conversation), other]}, format="json")
    assert LabelTask.objects.get().is_disputed


def test_one_wrong_item_is_named_with_its_field_and_nothing_is_saved(merchant, other_merchant, api):
    (conversation,) = plant_conversations(merchant, 1)
    (foreign,) = plant_conversations(other_merchant, 1)
    labels = [
        sent(conversation),
        sent(foreign),
        sent(conversation, "Bo", marks={"charm": 1.0}),
        sent(conversation, "Cy", marks={"helpfulness": None}),
        sent(conversation, "Di", labelled_at="2026-11-24T00:00:00Z"),
        sent(conversation),
    ]
    answer = api("review").post(URL, {"labels": labels}, format="json")
    assert answer.status_code == 400
    named = {position: sorted(fields) for position, fields in answer.json()["errors"]["labels"].items()}
    assert named == {"1": ["conversation_id"], "2": ["marks"], "3": ["marks"], "4": ["labelled_at"], "5": ["reviewer"]}
    assert Label.objects.count() == 0


def test_a_mark_beyond_one_is_refused_by_position_and_field(merchant, api):
    (conversation,) = plant_conversations(merchant, 1)
    labels = [sent(conversation), sent(conversation, "Bo", marks={"helpfulness": 4})]
    answer = api("review").post(URL, {"labels": labels}, format="json")
    assert answer.status_code == 400
    assert "helpfulness" in answer.json()["errors"]["labels"]["1"]["marks"]


def test_reading_takes_read_and_importing_takes_review(merchant, api):
    assert api("review").get(URL).status_code == 403
    assert api("read").post(URL, {"labels": []}, format="json").status_code == 403


def test_an_import_of_five_hundred_asks_the_database_a_few_times(merchant, api, django_assert_max_num_queries):
    conversations = plant_conversations(merchant, 50)
    labels = [sent(conversation, f"Person {n}") for conversation in conversations for n in range(10)]
    client = api("review")
    with django_assert_max_num_queries(25):
        assert client.post(URL, {"labels": labels}, format="json").json()["added"] == 500
