"""A person's word on single questions."""

from datetime import UTC, datetime

import pytest

from improvement.models import Dismissal, Question, QuestionMark
from improvement.question_marks import mark_question, read_question_marks
from portal.models import AuditEntry
from tests.improvement.gap_builder import make_gap

pytestmark = pytest.mark.django_db


def test_a_mark_is_kept_with_its_person_and_an_audit_entry(merchant, reviewer, time_machine):
    time_machine.move_to(datetime(2026, 11, 23, 9, tzinfo=UTC), tick=False)
    question = make_gap(merchant).questions.earliest("pk")
    mark = mark_question(merchant, question.pk, is_covered=True, by=reviewer)
    assert (mark.by, mark.at) == (reviewer, datetime(2026, 11, 23, 9, tzinfo=UTC))
    entry = AuditEntry.objects.for_merchant(merchant).get(verb="question.marked")
    assert (entry.actor, entry.object_id, entry.detail) == (reviewer, str(question.pk), {"is_covered": True})
    assert read_question_marks(merchant) == {question.pk: True}


def test_the_newest_word_counts_and_the_same_word_again_adds_nothing(merchant, reviewer, owner):
    question = make_gap(merchant).questions.earliest("pk")
    for by, is_covered in ((reviewer, True), (reviewer, True), (owner, False)):
        mark_question(merchant, question.pk, is_covered=is_covered, by=by)
    assert QuestionMark.objects.for_merchant(merchant).count() == 2
    assert read_question_marks(merchant, [question.pk]) == {question.pk: False}


def test_another_merchants_question_is_not_found(merchant, other_merchant, stranger):
    question = make_gap(merchant).questions.earliest("pk")
    with pytest.raises(Question.DoesNotExist):
        mark_question(other_merchant, question.pk, is_covered=True, by=stranger)
    assert read_question_marks(other_merchant, [question.pk]) == {}


def test_a_gap_dismissed_as_none_says_that_its_questions_are_covered(merchant, reviewer):
    gap = make_gap(merchant)
    first, *others = gap.questions.order_by("pk")
    mark_question(merchant, first.pk, is_covered=False, by=reviewer)
    gap.dismiss(by=reviewer, dismissal=Dismissal.NOT_A_GAP)
    assert read_question_marks(merchant) == {first.pk: False} | {one.pk: True for one in others}


def test_a_gap_that_nobody_will_write_about_says_nothing(merchant, reviewer):
    make_gap(merchant).dismiss(by=reviewer, dismissal=Dismissal.WILL_NOT_WRITE)
    assert read_question_marks(merchant) == {}
