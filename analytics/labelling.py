"""A person labels: gets a conversation, marks or skips it, takes the last one back. Every verb is one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import CharField, Exists, OuterRef, QuerySet
from django.db.models.functions import MD5, Cast
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from analytics.label_settling import settle
from analytics.models import Label, LabelLease, LabelTask, SkipReason
from analytics.rubric import Dimension, Rubric, current_rubric, weighted_mean
from portal.models import Merchant, User

LEASE = timedelta(minutes=15)
UNDO_WITHIN = timedelta(hours=1)
NOTHING_MARKED = _("Mark at least one dimension that counts, or skip the conversation with a reason.")

Marks = Mapping[str, float | None]


class LabelError(Exception):
    """What the person asked for cannot be, and why, in words for them."""

    def __init__(self, message: str | Promise) -> None:
        super().__init__(str(message))
        self.message = message


@dataclass(frozen=True, slots=True)
class Progress:
    """Of one reviewer at one merchant: labelled or skipped today, and what still waits for them."""

    n_today: int
    n_waiting: int

    @property
    def n_in_all(self) -> int:
        return self.n_today + self.n_waiting


def waiting_for(merchant: Merchant, reviewer: User) -> "QuerySet[LabelTask]":
    """Tasks that this person may label now, in an order that says nothing about them."""
    own = Label.objects.filter(task=OuterRef("pk"), reviewer=reviewer, withdrawn_at=None)
    tasks: QuerySet[LabelTask] = LabelTask.objects.for_merchant(merchant).filter(closed_at=None, is_import=False)
    return tasks.exclude(Exists(own)).order_by(MD5(Cast("pk", CharField())))


def progress_of(merchant: Merchant, reviewer: User, *, since: datetime) -> Progress:
    labels = Label.objects.for_merchant(merchant).filter(reviewer=reviewer, created_at__gte=since, withdrawn_at=None)
    n_waiting = waiting_for(merchant, reviewer).count()
    return Progress(labels.filter(is_adjudication=False).count(), n_waiting)


@transaction.atomic
def lease_next(merchant: Merchant, reviewer: User, *, now: datetime) -> LabelTask | None:
    """The task on this person's screen: the one that they have already, or the next whose places are not all taken."""
    waiting = waiting_for(merchant, reviewer)
    held = waiting.filter(leases__reviewer=reviewer, leases__expires_at__gt=now).first()
    if held is not None:
        return _lease(held, reviewer, now=now)
    for task_id in list(waiting.values_list("pk", flat=True)):
        # The row is locked before it is asked who has it, so two people never take the same last place.
        task = LabelTask.objects.select_for_update(skip_locked=True).filter(pk=task_id, closed_at=None).first()
        if task is not None and _n_taken(task, reviewer, now=now) < task.n_reviewers:
            return _lease(task, reviewer, now=now)
    return None


def _n_taken(task: LabelTask, reviewer: User, *, now: datetime) -> int:
    marked = task.labels.filter(withdrawn_at=None, is_adjudication=False).exclude(overall=None)
    held = task.leases.filter(expires_at__gt=now).exclude(reviewer=reviewer)
    return int(marked.count() + held.count())


def _lease(task: LabelTask, reviewer: User, *, now: datetime) -> LabelTask:
    lease = LabelLease(merchant_id=task.merchant_id, task=task, reviewer=reviewer, expires_at=now + LEASE)
    LabelLease.objects.bulk_create(
        [lease], update_conflicts=True, unique_fields=["task", "reviewer"], update_fields=["expires_at"]
    )
    return task


def is_labelling(conversation_id: int, reviewer: User, *, now: datetime) -> bool:
    """Whether this person has the conversation on the labelling page, and so may not see how it was scored."""
    return conversation_id in find_labelling(reviewer, now=now)


def find_labelling(reviewer: User, *, now: datetime) -> list[int]:
    """The conversations that this person has on the labelling page, at most a few."""
    leases = LabelLease.objects.filter(reviewer=reviewer, expires_at__gt=now, task__closed_at=None)
    return list(leases.values_list("task__conversation_id", flat=True))


def save_marks(task: LabelTask, marks: Marks, *, by: User, now: datetime, comment: str = "") -> Label:
    """`marks` has an entry for each criterion of the rubric; None is "not applicable". Raises LabelError."""
    return _save(task, marks, by=by, now=now, comment=comment)


def skip(task: LabelTask, reason: SkipReason, *, by: User, now: datetime, comment: str = "") -> Label:
    return _save(task, {}, by=by, now=now, comment=comment, skip_reason=reason)


@transaction.atomic
def _save(
    task: LabelTask, marks: Marks, *, by: User, now: datetime, comment: str, skip_reason: SkipReason | None = None
) -> Label:
    task = LabelTask.objects.select_for_update().select_related("merchant").get(pk=task.pk)
    if task.labels.filter(reviewer=by, withdrawn_at=None, is_adjudication=False).exists():
        raise LabelError(_("You labelled this conversation before. Your first marks were kept."))
    if task.closed_at is not None:
        raise LabelError(_("Somebody else labelled this conversation meanwhile, so yours was not needed."))
    rubric = current_rubric(task.merchant)
    if rubric.version != task.rubric_version:
        raise LabelError(_("The rubric was changed meanwhile. The conversation comes again if it is still wanted."))
    label = build_label(task, marks, rubric=rubric, name=str(by), now=now)
    if label.overall is None and skip_reason is None:
        raise LabelError(NOTHING_MARKED)
    label.reviewer, label.comment, label.skip_reason = by, comment, skip_reason or ""
    label.save()
    task.leases.filter(reviewer=by).delete()
    settle(task, now=now)
    return label


def build_label(task: LabelTask, marks: Marks, *, rubric: Rubric, name: str, now: datetime) -> Label:
    """Not saved. Without a mark that counts it has no overall one, and must be one that was skipped."""
    is_marked = any(marks.get(one.key) is not None for one in rubric.criteria if one.weight)
    return Label(
        merchant_id=task.merchant_id,
        task=task,
        conversation_id=task.conversation_id,
        reviewer_name=name[:160],
        rubric_version=rubric.version,
        **{str(dimension): marks.get(dimension) for dimension in Dimension},
        criteria={criterion.key: marks.get(criterion.key) for criterion in rubric.own} if is_marked else {},
        overall=weighted_mean(marks, rubric) if is_marked else None,
        created_at=now,
        updated_at=now,
    )


def find_last(merchant: Merchant, reviewer: User, *, now: datetime) -> Label | None:
    """What "undo" would take back: the person's latest label, while it is fresh."""
    labels = Label.objects.for_merchant(merchant).filter(
        reviewer=reviewer, withdrawn_at=None, is_adjudication=False, created_at__gte=now - UNDO_WITHIN
    )
    found: Label | None = labels.select_related("task").order_by("-created_at", "-id").first()
    return found if found is not None and found.task.adjudicated_at is None else None


@transaction.atomic
def undo_last(merchant: Merchant, reviewer: User, *, now: datetime) -> Label:
    """The label stays, withdrawn, and its conversation is on the person's screen again. Raises LabelError."""
    last = find_last(merchant, reviewer, now=now)
    if last is None:
        raise LabelError(_("There is nothing of the last hour to take back."))
    task = LabelTask.objects.select_for_update().get(pk=last.task_id)
    withdrawn = Label.objects.filter(pk=last.pk, withdrawn_at=None).update(withdrawn_at=now, updated_at=now)
    if withdrawn != 1 or task.adjudicated_at is not None:
        raise LabelError(_("There is nothing of the last hour to take back."))
    # Other conversations wait behind it, or the next page would show one of those.
    LabelLease.objects.for_merchant(merchant).filter(reviewer=reviewer).delete()
    _lease(task, reviewer, now=now)
    settle(task, now=now)
    return last
