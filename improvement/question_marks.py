"""What people said about single questions, and about gaps that are none."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from improvement.models import Dismissal, GapStatus, Question, QuestionMark
from portal.models import AuditEntry, Merchant, User


def mark_question(merchant: Merchant, question_id: int, *, is_covered: bool, by: User) -> QuestionMark:
    """Adds one mark; the same word of the same person again adds none. Raises Question.DoesNotExist for a question
    of another merchant."""
    with transaction.atomic():
        question = Question.objects.for_merchant(merchant).select_for_update(of=("self",)).get(pk=question_id)
        newest = QuestionMark.objects.for_merchant(merchant).filter(question=question).first()
        if newest is not None and newest.by_id == by.pk and newest.is_covered == is_covered:
            return newest
        mark = QuestionMark.objects.create(
            merchant=merchant, question=question, is_covered=is_covered, by=by, at=timezone.now()
        )
        AuditEntry.record(merchant, "question.marked", by=by, on=question, detail={"is_covered": is_covered})
    return mark


def read_question_marks(merchant: Merchant, question_ids: Sequence[int] | None = None) -> dict[int, bool]:
    """Per question whether a person called it covered; of all questions, or of `question_ids`.

    The questions of a gap that was dismissed as none are answered by the articles, unless somebody marked them.
    """
    questions = Question.objects.for_merchant(merchant)
    marks = QuestionMark.objects.for_merchant(merchant).order_by("at", "id")
    if question_ids is not None:
        questions, marks = questions.filter(pk__in=question_ids), marks.filter(question__in=question_ids)
    refused = questions.filter(gap__status=GapStatus.DISMISSED, gap__dismissal=Dismissal.NOT_A_GAP)
    said = dict.fromkeys(refused.values_list("pk", flat=True), True)
    said.update(marks.values_list("question_id", "is_covered"))
    return said
