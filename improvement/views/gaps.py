"""The list of gaps, one gap, and what a reviewer can do about it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from improvement.errors import RefusedError
from improvement.gap_list import GROUPS, count_groups, list_gaps, summarise_gaps
from improvement.gap_page import build_gap_page
from improvement.models import Article, Dismissal, Gap, GapStatus, Priority, Question, Reading
from improvement.tasks import find_gaps
from portal.models import Job, JobState, Merchant, Role
from portal.tenancy import MerchantRequest, merchant_page

PER_PAGE = 25
JOB_KIND = "find_gaps"


class DismissalForm(forms.Form):
    dismissal = forms.ChoiceField(choices=Dismissal.choices)
    reason = forms.CharField(required=False, max_length=300)


def get_gap(merchant: Merchant, gap_id: int) -> Gap:
    gap: Gap = get_object_or_404(Gap.objects.for_merchant(merchant).select_related("merchant"), pk=gap_id)
    return gap


def find_job(merchant: Merchant) -> Job | None:
    """The refresh that runs now, or one that failed and was not repeated."""
    latest: Job | None = Job.objects.for_merchant(merchant).select_related("merchant").filter(kind=JOB_KIND).first()
    return latest if latest is not None and (latest.is_active or latest.state == JobState.FAILED) else None


@require_GET
@merchant_page()
def gaps(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    group = request.GET.get("status", "to_do")
    group = group if group in GROUPS else ""
    priority = request.GET.get("priority", "")
    priority = priority if priority in Priority.values else ""
    found = list_gaps(merchant, group=group, priority=priority)
    context: dict[str, Any] = {
        "page": Paginator(found, PER_PAGE).get_page(request.GET.get("page")),
        "group": group,
        "priority": priority,
        "priorities": Priority.choices,
        "counts": count_groups(merchant),
        "summary": summarise_gaps(merchant),
        "job": find_job(merchant),
        "reading": Reading.objects.filter(merchant=merchant).first(),
        "has_questions": Question.objects.for_merchant(merchant).exists(),
        "has_articles": Article.objects.for_merchant(merchant).exists(),
        "may_review": request.membership.role >= Role.REVIEWER,
    }
    return render(request, "improvement/gaps.html", context)


@require_GET
@merchant_page()
def gap(request: MerchantRequest, merchant: Merchant, gap_id: int) -> HttpResponse:
    found = get_gap(merchant, gap_id)
    context = {
        "page": build_gap_page(merchant, found, now=timezone.now()),
        "gap": found,
        "drafts": found.drafts.all()[:5],
        "may_review": request.membership.role >= Role.REVIEWER,
        "is_open": found.status in (GapStatus.OPEN, GapStatus.REOPENED),
        "dismissals": Dismissal.choices,
    }
    return render(request, "improvement/gap.html", context)


@require_POST
@merchant_page(role=Role.REVIEWER)
def gap_refreshes(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    """Starts one refresh; while it runs a second wish changes nothing."""
    running = find_job(merchant)
    if running is None or not running.is_active:
        job = Job.start(merchant, JOB_KIND, by=request.user)
        transaction.on_commit(lambda: find_gaps.delay(job.pk), robust=True)
    return redirect("gaps", merchant.slug)


@require_POST
@merchant_page(role=Role.REVIEWER)
def gap_names(request: MerchantRequest, merchant: Merchant, gap_id: int) -> HttpResponse:
    found = get_gap(merchant, gap_id)
    try:
        found.rename(request.POST.get("name", ""), by=request.user)
    except RefusedError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("The name is kept, whatever is asked next."))
    return redirect("gap", merchant.slug, found.pk)


@require_POST
@merchant_page(role=Role.REVIEWER)
def gap_dismissals(request: MerchantRequest, merchant: Merchant, gap_id: int) -> HttpResponse:
    found = get_gap(merchant, gap_id)
    form = DismissalForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose why this gap is dismissed, in at most 300 characters."))
        return redirect("gap", merchant.slug, found.pk)
    try:
        found.dismiss(
            by=request.user, dismissal=Dismissal(form.cleaned_data["dismissal"]), reason=form.cleaned_data["reason"]
        )
    except RefusedError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Dismissed. It can be opened again at any time."))
    return redirect("gap", merchant.slug, found.pk)


@require_POST
@merchant_page(role=Role.REVIEWER)
def gap_reopenings(request: MerchantRequest, merchant: Merchant, gap_id: int) -> HttpResponse:
    found = get_gap(merchant, gap_id)
    try:
        found.reopen(by=request.user)
    except RefusedError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("The gap is on the list again."))
    return redirect("gap", merchant.slug, found.pk)
