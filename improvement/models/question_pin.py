"""A person's word that a question belongs to a gap, or does not. No refresh goes against it."""

from collections.abc import Collection

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _t

from improvement.errors import RefusedError
from improvement.models.gap import Gap, GapStatus
from improvement.models.gap_merge import lock_gaps, move_numbers
from improvement.models.question import Question
from portal.models import ApiKey, AuditEntry, User
from portal.models.scoped import MerchantScoped


class QuestionPin(MerchantScoped):
    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="pins")
    gap = models.ForeignKey(Gap, on_delete=models.CASCADE, related_name="pins")
    belongs = models.BooleanField()
    by = models.ForeignKey("portal.User", null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["question", "gap"], name="question_pin_once")]

    def __str__(self) -> str:
        return f"{self.question_id} {'in' if self.belongs else 'not in'} {self.gap_id}"


def pin(questions: Collection[Question], gap: Gap, *, belongs: bool, by: User | None) -> None:
    pins = [
        QuestionPin(merchant=gap.merchant, question=question, gap=gap, belongs=belongs, by=by, at=timezone.now())
        for question in questions
    ]
    QuestionPin.objects.bulk_create(
        pins,
        update_conflicts=True,
        unique_fields=["question", "gap"],
        update_fields=["belongs", "by", "at"],
    )


def split_gap(gap: Gap, question_ids: Collection[int], name: str, *, by: User | None, via: ApiKey | None = None) -> Gap:
    """The chosen questions become a gap of their own, with what is asked like them from now on.

    Raises RefusedError without a name, and where none or all of the gap's questions were chosen.
    """
    name = " ".join(name.split())[:160]
    with transaction.atomic():
        locked = lock_gaps(gap.merchant)[gap.pk]
        members = Question.objects.filter(gap=locked)
        chosen = list(members.filter(pk__in=question_ids))
        if not name:
            raise RefusedError(_t("A gap needs a name."))
        if not chosen or len(chosen) == members.count():
            raise RefusedError(_t("Choose some of the questions, not all of them."))
        new = Gap.objects.create(
            merchant=gap.merchant,
            name=name,
            is_renamed=True,
            status=GapStatus.OPEN,
            centroid=mean_vector(chosen),
            embedding_model=locked.embedding_model,
            first_asked_at=min(question.asked_at for question in chosen),
            last_asked_at=max(question.asked_at for question in chosen),
        )
        Question.objects.filter(pk__in=[question.pk for question in chosen]).update(gap=new)
        pin(chosen, new, belongs=True, by=by)
        pin(chosen, locked, belongs=False, by=by)
        move_numbers(gap, new)
        detail = {"to": name, "questions": len(chosen)}
        AuditEntry.record(gap.merchant, "gap.split", by=by, on=gap, detail=detail, via=via)
    return new


def mean_vector(questions: Collection[Question]) -> list[float]:
    columns = zip(*(question.embedding for question in questions), strict=True)
    sums = [float(sum(column)) for column in columns]
    length = sum(value * value for value in sums) ** 0.5 or 1.0
    return [value / length for value in sums]


def take_out(gap: Gap, question: Question, *, by: User | None, via: ApiKey | None = None) -> None:
    """The question is not about this. Raises RefusedError where it is elsewhere already."""
    with transaction.atomic():
        lock_gaps(gap.merchant)
        if Question.objects.filter(pk=question.pk, gap=gap).update(gap=None) != 1:
            raise RefusedError(_t("Nothing was changed: this question is not part of the gap any more."))
        pin([question], gap, belongs=False, by=by)
        move_numbers(gap)
        detail = {"question": question.text[:120]}
        AuditEntry.record(gap.merchant, "gap.question_taken_out", by=by, on=gap, detail=detail, via=via)


def put_back(gap: Gap, question: Question, *, by: User | None, via: ApiKey | None = None) -> None:
    """Undoes take_out(). Raises RefusedError where the question found another gap meanwhile."""
    with transaction.atomic():
        lock_gaps(gap.merchant)
        if Question.objects.filter(pk=question.pk, gap=None).update(gap=gap) != 1:
            raise RefusedError(_t("Nothing was changed: this question is part of another gap now."))
        QuestionPin.objects.filter(question=question, gap=gap).delete()
        move_numbers(gap)
        detail = {"question": question.text[:120]}
        AuditEntry.record(gap.merchant, "gap.question_put_back", by=by, on=gap, detail=detail, via=via)
