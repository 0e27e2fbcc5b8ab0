"""The labelling queue: one conversation at a time, blind, by the keyboard or without any script."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from analytics.label_adjudication import disputed_tasks
from analytics.label_filling import fill_queue
from analytics.label_forms import LabelFileForm, MarksForm, PlanForm, SkipForm, as_initial
from analytics.label_page import read_for_label
from analytics.labelling import LabelError, find_last, lease_next, progress_of, save_marks, skip, undo_last
from analytics.models import LabelPlan, LabelTask
from analytics.rubric import current_rubric
from portal.models import AuditEntry, Merchant, Role
from portal.periods import day_start
from portal.tenancy import MerchantRequest, merchant_page

SESSION_COUNT = "labels_in_session"


@never_cache
@require_safe
@merchant_page(role=Role.REVIEWER)
def labels_page(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    return render_labels(request, merchant, lease_next(merchant, request.user, now=timezone.now()))


@require_POST
@merchant_page(role=Role.REVIEWER)
def label_marks(request: MerchantRequest, merchant: Merchant, label_task_id: int) -> HttpResponse:
    task = get_object_or_404(LabelTask.objects.for_merchant(merchant), pk=label_task_id, is_import=False)
    form = MarksForm(request.POST, rubric=current_rubric(merchant))
    if not form.is_valid():
        return render_labels(request, merchant, task, form=form)
    try:
        save_marks(task, form.marks, by=request.user, now=timezone.now(), comment=form.cleaned_data["comment"])
    except LabelError as error:
        messages.warning(request, str(error.message))
    else:
        _count(request, 1)
    return redirect("quality_labels", merchant.slug)


@require_POST
@merchant_page(role=Role.REVIEWER)
def label_skips(request: MerchantRequest, merchant: Merchant, label_task_id: int) -> HttpResponse:
    task = get_object_or_404(LabelTask.objects.for_merchant(merchant), pk=label_task_id, is_import=False)
    form = SkipForm(request.POST)
    if not form.is_valid():
        return render_labels(request, merchant, task, skip_form=form)
    comment = form.cleaned_data["comment"]
    try:
        skip(task, form.cleaned_data["reason"], by=request.user, now=timezone.now(), comment=comment)
    except LabelError as error:
        messages.warning(request, str(error.message))
    else:
        _count(request, 1)
    return redirect("quality_labels", merchant.slug)


@require_POST
@merchant_page(role=Role.REVIEWER)
def label_withdrawals(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    try:
        undo_last(merchant, request.user, now=timezone.now())
    except LabelError as error:
        messages.warning(request, str(error.message))
    else:
        _count(request, -1)
        messages.success(request, _("Taken back. Here it is again."))
    return redirect("quality_labels", merchant.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page(role=Role.OWNER)
def label_plan(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    """How many wait, and which share two people label."""
    plan, _is_new = LabelPlan.objects.get_or_create(merchant=merchant)
    form = PlanForm(request.POST or None, instance=plan)
    if request.method == "POST" and form.is_valid():
        form.save()
        AuditEntry.record(merchant, "label.plan_changed", by=request.user, on=merchant, detail=form.cleaned_data)
        fill_queue(merchant, now=timezone.now())
        messages.success(request, _("Saved. The queue was filled up."))
        return redirect("quality_labels", merchant.slug)
    return render(request, "analytics/label_plan.html", {"form": form}, status=422 if form.errors else 200)


def _count(request: MerchantRequest, change: int) -> None:
    request.session[SESSION_COUNT] = max(0, request.session.get(SESSION_COUNT, 0) + change)


def render_labels(
    request: MerchantRequest,
    merchant: Merchant,
    task: LabelTask | None,
    *,
    form: MarksForm | None = None,
    skip_form: SkipForm | None = None,
    file_form: LabelFileForm | None = None,
) -> HttpResponse:
    """The page with this conversation to label; a form that is given has what is wrong with it."""
    now = timezone.now()
    today = day_start(timezone.localdate(now), merchant.zone)
    last = find_last(merchant, request.user, now=now)
    context: dict[str, Any] = {
        "progress": progress_of(merchant, request.user, since=today),
        "n_in_session": request.session.get(SESSION_COUNT, 0),
        "last": last,
        "n_disputed": disputed_tasks(merchant).count() if request.membership.role >= Role.OWNER else 0,
        "may_plan": request.membership.role >= Role.OWNER,
        "file_form": file_form or LabelFileForm(),
    }
    if task is not None:
        form = form or MarksForm(rubric=current_rubric(merchant), initial=_marked_before(request, task))
        context |= {
            "reading": read_for_label(merchant, task),
            "form": form,
            "scales": form.scales(),
            "skip_form": skip_form or SkipForm(),
        }
    is_refused = file_form is not None or any(one is not None and one.errors for one in (form, skip_form))
    return render(request, "analytics/labels.html", context, status=422 if is_refused else 200)


def _marked_before(request: MerchantRequest, task: LabelTask) -> dict[str, str]:
    """The person's own marks where they took them back to correct one."""
    own = task.labels.filter(reviewer=request.user, is_adjudication=False).exclude(withdrawn_at=None)
    latest = own.exclude(overall=None).order_by("-withdrawn_at").first()
    return as_initial(latest.marks) | {"comment": latest.comment} if latest else {}
