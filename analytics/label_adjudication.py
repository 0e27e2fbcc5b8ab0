"""Where two people disagree, a third one decides. Both marks stay; what was decided is the truth."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from analytics.labelling import NOTHING_MARKED, LabelError, Marks, build_label
from analytics.models import Label, LabelTask
from analytics.rubric import current_rubric
from portal.models import AuditEntry, Membership, Merchant, Role, User


def disputed_tasks(merchant: Merchant) -> "QuerySet[LabelTask]":
    """Uses the index label_disputed."""
    tasks: QuerySet[LabelTask] = LabelTask.objects.for_merchant(merchant).filter(is_disputed=True, adjudicated_at=None)
    rubric = current_rubric(merchant)
    return tasks.filter(closed_at__isnull=False, rubric_version=rubric.version).select_related("conversation")


def first_round(task: LabelTask) -> list[Label]:
    labels = task.labels.filter(withdrawn_at=None, is_adjudication=False).exclude(overall=None)
    return list(labels.order_by("created_at", "id"))


def is_own(task: LabelTask, user: User) -> bool:
    """Whether one of the two marks is this person's."""
    return any(label.reviewer_id == user.pk for label in first_round(task))


def has_third_person(task: LabelTask) -> bool:
    """Another owner who could decide, and who gave neither of the marks."""
    owners = Membership.objects.filter(merchant_id=task.merchant_id, role=Role.OWNER, user__is_active=True)
    return bool(owners.exclude(user__in=[label.reviewer_id for label in first_round(task)]).exists())


@transaction.atomic
def adjudicate(task: LabelTask, marks: Marks, *, by: User, now: datetime, comment: str = "") -> Label:
    """Raises LabelError."""
    task = LabelTask.objects.select_for_update().select_related("merchant").get(pk=task.pk)
    if task.adjudicated_at is not None or not task.is_disputed:
        raise LabelError(_("This was decided meanwhile, or the two agree now."))
    if is_own(task, by) and has_third_person(task):
        raise LabelError(_("One of the two marks is yours, so another owner decides."))
    rubric = current_rubric(task.merchant)
    if rubric.version != task.rubric_version:
        raise LabelError(_("The rubric was changed since these two labelled."))
    label = build_label(task, marks, rubric=rubric, name=str(by), now=now)
    if label.overall is None:
        raise LabelError(NOTHING_MARKED)
    label.reviewer, label.comment, label.is_adjudication = by, comment, True
    label.save()
    task.adjudicated_at = now
    task.save(update_fields=["adjudicated_at"])
    AuditEntry.record(
        task.merchant, "label.adjudicated", by=by, on=task, detail={"comment": comment} if comment else {}
    )
    return label
