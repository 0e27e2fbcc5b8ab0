"""Where two people disagree about a conversation: the list, and the decision of a third one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from analytics.label_adjudication import adjudicate, disputed_tasks, first_round, has_third_person, is_own
from analytics.label_forms import MarksForm, Scale, as_initial
from analytics.label_page import read_for_label
from analytics.label_settling import disputed
from analytics.label_words import STEPS, words_of
from analytics.labelling import LabelError
from analytics.models import Label, LabelTask
from analytics.rubric import Criterion, current_rubric
from portal.models import Merchant, Role
from portal.tenancy import MerchantRequest, merchant_page

N_LISTED = 50


@dataclass(frozen=True, slots=True)
class Compared:
    """One criterion with what each person found, in the words of the steps, and the radio buttons to decide."""

    scale: Scale
    found: tuple[str, ...]
    is_disputed: bool


@require_safe
@merchant_page(role=Role.OWNER)
def disagreements_page(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    tasks = disputed_tasks(merchant).prefetch_related("labels").order_by("-closed_at", "-pk")
    rubric = current_rubric(merchant)
    rows = []
    for task in tasks[:N_LISTED]:
        marked = [one for one in task.labels.all() if not one.withdrawn_at and one.overall is not None]
        names = disputed(task, [one.marks for one in marked])
        rows.append((task, [one.label for one in rubric.criteria if one.key in names]))
    return render(request, "analytics/disagreements.html", {"rows": rows, "n": tasks.count()})


@require_safe
@merchant_page(role=Role.OWNER)
def disagreement_page(request: MerchantRequest, merchant: Merchant, label_task_id: int) -> HttpResponse:
    return _render(request, merchant, _get(merchant, label_task_id))


@require_POST
@merchant_page(role=Role.OWNER)
def disagreement_decisions(request: MerchantRequest, merchant: Merchant, label_task_id: int) -> HttpResponse:
    task = _get(merchant, label_task_id)
    form = MarksForm(request.POST, rubric=current_rubric(merchant))
    if not form.is_valid():
        return _render(request, merchant, task, form=form)
    try:
        adjudicate(task, form.marks, by=request.user, now=timezone.now(), comment=form.cleaned_data["comment"])
    except LabelError as error:
        messages.warning(request, str(error.message))
    else:
        messages.success(request, _("Decided. Both marks stay beside what you decided."))
        return redirect("quality_disagreement", merchant.slug, task.pk)
    return redirect("quality_disagreements", merchant.slug)


def _get(merchant: Merchant, task_id: int) -> LabelTask:
    """One that two people closed with different marks; it stays to be read when it was decided."""
    tasks = LabelTask.objects.for_merchant(merchant).filter(is_disputed=True, closed_at__isnull=False)
    return get_object_or_404(tasks, pk=task_id)


def _render(
    request: MerchantRequest, merchant: Merchant, task: LabelTask, *, form: MarksForm | None = None
) -> HttpResponse:
    labels = first_round(task)
    decided = task.labels.filter(is_adjudication=True, withdrawn_at=None).first()
    rubric = current_rubric(merchant)
    form = form or MarksForm(rubric=rubric, initial=as_initial(decided.marks if decided else _agreed(labels)))
    own = is_own(task, request.user)
    context: dict[str, Any] = {
        "reading": read_for_label(merchant, task),
        "form": form,
        "compared": _compare(task, form, labels),
        # Whose mark it is must not decide, so names come with the decision.
        "people": [label.reviewer_name for label in labels] if decided else _numbered(labels),
        "labels": labels,
        "decided": decided,
        "is_own": own,
        "may_decide": decided is None and not (own and has_third_person(task)),
    }
    return render(request, "analytics/disagreement.html", context, status=422 if form.errors else 200)


def _numbered(labels: list[Label]) -> list[str]:
    return [_("Person %(number)s") % {"number": number} for number in range(1, len(labels) + 1)]


def _agreed(labels: list[Label]) -> Mapping[str, float | None]:
    """What both said alike need not be typed again."""
    first, *others = [label.marks for label in labels]
    return {key: mark for key, mark in first.items() if all(other.get(key) == mark for other in others)}


def _compare(task: LabelTask, form: MarksForm, labels: list[Label]) -> list[Compared]:
    apart = disputed(task, [label.marks for label in labels])
    return [
        Compared(
            scale,
            tuple(_in_words(scale.criterion, label.marks.get(scale.criterion.key)) for label in labels),
            scale.criterion.key in apart,
        )
        for scale in form.scales()
    ]


def _in_words(criterion: Criterion, mark: float | None) -> str:
    if mark is None:
        return _("Does not apply")
    position = min(range(len(STEPS)), key=lambda one: abs(STEPS[one] - mark))
    return f"{position + 1} · {words_of(criterion)[position]}"
