"""Labels as CSV: out without what a reader must not see, and in as they were, whole or not at all."""

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile

from analytics.agreement import human_agreement
from analytics.label_file_reading import MAX_BYTES
from analytics.labels import read_marks
from analytics.models import Label, LabelTask, SkipReason, Stratum
from analytics.rubric_changes import change_rubric
from portal.models import AuditEntry
from tests.analytics.label_builder import plant, plant_conversations
from tests.events import resolved, send

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUSE = {"helpfulness": 35, "accuracy": 30, "politeness": 10, "completeness": 25}
OWN = {"key": "comment", "label": "Comment", "description": "Fits?", "instruction": "4: yes.", "weight": 0}
MIXED = {"helpfulness": 0.75, "accuracy": None, "politeness": 1.0, "completeness": 0.5}


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


def download(client, slug="lumen") -> bytes:
    answer = client.get(f"/{slug}/quality/labels/export.csv")
    assert answer.status_code == 200
    assert answer.streaming
    return b"".join(answer.streaming_content)


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def upload(client, content, slug="lumen"):
    content = content if isinstance(content, bytes) else content.encode()
    file = SimpleUploadedFile("marks.csv", content, content_type="text/csv")
    return client.post(f"/{slug}/quality/labels/imports/", {"file": file}, follow=True)


def said(answer) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


def faults(answer) -> list[tuple[int, str]]:
    assert answer.status_code == 422
    return [(fault.line, fault.column) for fault in answer.context["file_form"].faults]


def by_thread(merchant, version="1"):
    """What people found, without the ids that no other merchant has."""
    threads = dict(Label.objects.for_merchant(merchant).values_list("conversation_id", "conversation__thread"))
    return {
        (threads[one.conversation_id], one.stratum): replace(one, conversation_id=0)
        for one in read_marks(merchant, rubric_version=version)
    }


def test_what_is_downloaded_gives_another_merchant_the_same_agreement(
    merchant, other_merchant, owner, stranger, sign_in
):
    change_rubric(merchant, HOUSE, [OWN], note="own", by=owner, at=NOW)
    change_rubric(other_merchant, HOUSE, [OWN], note="own", by=stranger, at=NOW)
    chats = plant_conversations(merchant, 6)
    plant_conversations(other_merchant, 6)
    plant(chats[0], 0.75, 0.5)
    plant(chats[1], 0.25, 1.0, adjudicated=0.75)
    plant(chats[2], MIXED, 0.75)
    plant(chats[3], 0.0, stratum=Stratum.TARGETED)
    plant(chats[4], 1.0 / 3, 0.25, dict.fromkeys(HOUSE, 0.5) | {"comment": 0.25}, rubric_version="2")
    plant(chats[5], skipped=SkipReason.NOISE)
    Label.objects.filter(reviewer_name="Reviewer 1").update(comment='=1+1; "so", \nhe said', reviewer_name="@da")

    content = download(sign_in(owner))
    rows = rows_of(content)
    assert (len(rows), rows[-1]["skip_reason"]) == (12, "noise")
    assert {row["reviewer"] for row in rows} == {"'@da", "Reviewer 2", "Reviewer 3", "Reviewer 9", "Adjudicator"}
    assert [row["criteria.comment"] for row in rows if row["reviewer"] == "Reviewer 3"] == ["0.25"]

    client = sign_in(stranger)
    told = said(upload(client, content, "himal"))
    assert told == [
        "Labels added: 11, changed: 0, unchanged: 0.",
        "Passed over, because somebody skipped the conversation: 1.",
    ]
    for version in ("1", "2"):
        found = by_thread(merchant, version)
        assert by_thread(other_merchant, version) == found
        random = [
            [one.ratings["overall"] for one in by_thread(m, version).values()] for m in (merchant, other_merchant)
        ]
        assert human_agreement(random[0]) == human_agreement(random[1])
    assert by_thread(other_merchant)["labelled-1", Stratum.RANDOM].truth["accuracy"] == 0.75  # as it was decided
    assert not LabelTask.objects.for_merchant(other_merchant).filter(is_disputed=True, adjudicated_at=None).exists()
    again = download(client, "himal")
    assert [row | {"origin": "", "labelled_at": ""} for row in rows_of(again)] == [
        row | {"origin": "", "labelled_at": ""} for row in rows[:-1]
    ]
    # What was labelled here is neither doubled nor changed by the same file, there nor here.
    assert said(upload(client, content, "himal"))[0] == "Labels added: 0, changed: 0, unchanged: 11."
    assert said(upload(sign_in(owner), content))[0] == "Labels added: 0, changed: 0, unchanged: 11."
    assert by_thread(merchant)["labelled-0", Stratum.RANDOM].ratings["overall"] == (0.75, 0.5)
    entry = AuditEntry.objects.get(verb="label.imported")
    assert (entry.merchant, entry.actor, entry.detail["n_labels"]) == (other_merchant, stranger, 11)
    assert (entry.detail["file"], entry.detail["rubric_version"]) == ("marks.csv", "1, 2")


def test_as_a_german_spreadsheet_saves_it_and_corrected(merchant, owner, sign_in):
    first, second = plant_conversations(merchant, 2)
    head = "\ufeffConversation_ID;Reviewer;Helpfulness;stratum\r\n"
    client = sign_in(owner)
    answer = upload(client, f"{head}labelled-0;Zoë;0,75;random\r\n;;;\r\nlabelled-1;Zoë;1;\r\n")
    assert said(answer) == ["Labels added: 2, changed: 0, unchanged: 0."]
    labels = {label.conversation_id: label for label in Label.objects.select_related("task")}
    assert (labels[first.pk].overall, labels[first.pk].task.stratum) == (0.75, "random")
    assert (labels[second.pk].overall, labels[second.pk].task.stratum) == (1.0, "targeted")
    assert labels[first.pk].created_at == NOW
    answer = upload(client, f"{head}labelled-0;Zoë;0,5;random\r\nlabelled-1;Zoë;1;\r\n")
    assert said(answer) == ["Labels added: 0, changed: 1, unchanged: 1."]
    standing = Label.objects.filter(withdrawn_at=None, conversation=first)
    assert [label.overall for label in standing] == [0.5]


def test_each_wrong_line_is_named_with_its_column_and_nothing_is_taken_in(merchant, other_merchant, owner, sign_in):
    first, _second = plant_conversations(merchant, 2)
    plant(first, 0.5)
    send(other_merchant, resolved("theirs", at="2026-11-10T09:00:00+00:00"), now=NOW)
    client = sign_in(owner)
    head = "conversation_id,episode,stratum,kind,reviewer,labelled_at,helpfulness,accuracy\n"
    wrong = [
        ("theirs,,,,Ada,,1,", "conversation_id"),
        ("labelled-0,2,,,Ada,,1,", "episode"),
        ("labelled-0,,chance,,Ada,,1,", "stratum"),
        ("labelled-0,,,guess,Ada,,1,", "kind"),
        ("labelled-0,,,,,,1,", "reviewer"),
        ("labelled-0,,,,Ada,23.11.,1,", "labelled_at"),
        ("labelled-0,,,,Ada,,4,", "helpfulness"),
        ("labelled-0,,,,Ada,,1,nan", "accuracy"),
        (f"labelled-0,,,,{'x' * 161},,1,", "reviewer"),
        ("labelled-0,1_0,,,Ada,,1,", "episode"),
        ("labelled-0,,,,Bo,,good,", "helpfulness"),
    ]
    answer = upload(client, head + "labelled-1,,,,Ada,,1,\n" + "".join(f"{line}\n" for line, _column in wrong))
    assert faults(answer) == [(n, column) for n, (_line, column) in enumerate(wrong[:10], start=3)]
    page = answer.content.decode()
    assert "Line 9, column helpfulness: “4” is no number from 0 to 1." in page
    assert "… and 1 more." in page

    marks = "helpfulness, accuracy, politeness, completeness"
    later = [
        ("labelled-1,,,,Ada,,,", marks),
        ("labelled-1,,,,Bo,2026-11-24,1,", "labelled_at"),
        ("labelled-1,,,,Cy,,1,", ""),
        ("labelled-1,1,,,Cy,,0,", "reviewer"),
    ]
    answer = upload(client, head + "".join(f"{line}\n" for line, _column in later))
    assert faults(answer) == [(n, column) for n, (_line, column) in enumerate(later, start=2) if column]
    # Reviewer 1 labelled it here, and did not say that.
    assert faults(upload(client, f"{head}labelled-0,,random,,Reviewer 1,,1,\n")) == [(2, "reviewer")]
    assert Label.objects.filter(is_import=True).count() == LabelTask.objects.filter(is_import=True).count() == 0


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ("conversation_id,reviewer,charm\nc,Ada,1\n", [(1, ""), (1, "charm")]),
        ("helpfulness,helpfulness\n1,1\n", [(1, "conversation_id"), (1, "reviewer"), (1, "helpfulness")]),
        ("conversation_id,reviewer,helpfulness\nc,Ada\n", [(2, "")]),
        ('conversation_id,reviewer,helpfulness\nc,"Ada,1\n', [(2, "reviewer")]),
        ("conversation_id,reviewer,helpfulness\n", [(1, "")]),
        ("conversation_id,reviewer,helpfulness\nc,Zoë,1\n".encode("latin-1"), [(2, "")]),
        ("conversation_id,reviewer,helpfulness\nc,A\0,1\n", [(2, "")]),
        ("conversation_id,reviewer,helpfulness\n" + "c,A,1\n" * 10_001, [(10_002, "")]),
    ],
    ids=["unknown", "missing and twice", "short", "quote", "empty", "latin-1", "nul", "many"],
)
def test_a_file_that_is_none_is_told_apart(merchant, owner, sign_in, content, where):
    assert faults(upload(sign_in(owner), content)) == where


def test_a_file_too_large_is_refused_before_it_is_read(merchant, owner, sign_in):
    answer = upload(sign_in(owner), b"x" * (MAX_BYTES + 1))
    assert answer.status_code == 422
    assert "The file is larger than 5 MB. Split it." in answer.content.decode()


def test_nobody_reads_labels_of_what_they_are_still_to_label(merchant, owner, reviewer, sign_in):
    """An imported one says as much as one that was given here."""
    open_one, done = plant_conversations(merchant, 2)
    plant(done, 0.75)
    upload(sign_in(owner), "conversation_id,reviewer,helpfulness\nlabelled-0,Ada,0.25\n")
    assert [row["reviewer"] for row in rows_of(download(sign_in(reviewer)))] == ["Reviewer 1", "Ada"]
    task = plant(open_one, 0.5)
    LabelTask.objects.filter(pk=task.pk).update(closed_at=None, n_reviewers=2)
    Label.objects.filter(task=task).update(reviewer=owner, reviewer_name="Olivia Owner")
    assert [row["conversation_id"] for row in rows_of(download(sign_in(reviewer)))] == ["labelled-1"]
    # Who labelled it reads the imported one, and not the first of two.
    assert [row["reviewer"] for row in rows_of(download(sign_in(owner)))] == ["Reviewer 1", "Ada"]
    # Nor does a file tell by its answer whether it guessed the marks.
    same = "conversation_id,reviewer,stratum,helpfulness,accuracy,politeness,completeness\n"
    for mark in ("0.5", "1"):
        line = f"labelled-0,Olivia Owner,random{f',{mark}' * 4}\n"
        assert faults(upload(sign_in(owner), same + line)) == [(2, "reviewer")]


def test_reviewers_read_and_owners_take_in(merchant, reviewer, viewer, sign_in):
    assert sign_in(viewer).get("/lumen/quality/labels/export.csv").status_code == 403
    assert upload(sign_in(reviewer), "x").status_code == 403
    page = sign_in(reviewer).get("/lumen/quality/labels/").content.decode()
    assert "quality/labels/export.csv" in page
    assert "quality/labels/imports/" not in page
