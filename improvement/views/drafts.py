"""The list of drafts, the review page, and what can be done there."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from improvement.draft_list import GROUPS, count_groups, list_drafts
from improvement.errors import DraftInProgressError, RefusedError
from improvement.forms import MAX_SECONDS, ReviewForm, RevisionForm
from improvement.models import Decision, Draft, DraftState, Gap
from improvement.review_page import build_review_page
from portal.models import Merchant, Role
from portal.tenancy import MerchantRequest, merchant_page

PER_PAGE = 25


def _get_draft(merchant: Merchant, draft_id: int) -> Draft:
    drafts = Draft.objects.for_merchant(merchant).select_related("merchant", "gap", "article", "requested_by")
    draft: Draft = get_object_or_404(drafts, pk=draft_id)
    return draft


def _may_review(request: MerchantRequest) -> bool:
    return request.membership.role >= Role.REVIEWER


@require_GET
@merchant_page()
def drafts(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    group = request.GET.get("state", "")
    group = group if group in GROUPS else ""
    page = Paginator(list_drafts(merchant, group=group), PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "group": group, "counts": count_groups(merchant), "states": DraftState}
    return render(request, "improvement/drafts.html", context)


@require_GET
@merchant_page()
def draft(request: MerchantRequest, merchant: Merchant, draft_id: int) -> HttpResponse:
    return _render_draft(request, merchant, _get_draft(merchant, draft_id))


def _render_draft(
    request: MerchantRequest, merchant: Merchant, found: Draft, *, status: int = 200, **extra: Any
) -> HttpResponse:
    page = build_review_page(merchant, found, now=timezone.now())
    revision = page.revision
    initial = {"title": revision.title if revision else found.gap.name, "body": revision.body if revision else ""}
    context = {
        "review": page,
        "draft": found,
        "may_review": _may_review(request),
        "revision_form": RevisionForm(initial=initial),
        **extra,
    }
    return render(request, "improvement/draft.html", context, status=status)


@require_POST
@merchant_page(role=Role.REVIEWER)
def gap_drafts(request: MerchantRequest, merchant: Merchant, gap_id: int) -> HttpResponse:
    gap: Gap = get_object_or_404(Gap.objects.for_merchant(merchant).select_related("merchant"), pk=gap_id)
    try:
        new = gap.request_draft(by=request.user)
    except DraftInProgressError as error:
        messages.warning(request, error.message)
        existing = gap.drafts.first()
        return redirect("draft", merchant.slug, existing.pk) if existing else redirect("gap", merchant.slug, gap.pk)
    messages.success(request, _("The draft is being written. It takes a few seconds."))
    return redirect("draft", merchant.slug, new.pk)


@require_POST
@merchant_page(role=Role.REVIEWER)
def draft_reviews(request: MerchantRequest, merchant: Merchant, draft_id: int) -> HttpResponse:
    found = _get_draft(merchant, draft_id)
    form = ReviewForm(request.POST)
    if not form.is_valid():
        return _render_draft(request, merchant, found, status=422, review_form=form)
    entered = form.cleaned_data
    decide = found.approve if entered["decision"] == Decision.APPROVED else found.reject
    opened_at = entered["opened_at"] or 0
    seconds = min(max(int(timezone.now().timestamp()) - opened_at, 0), MAX_SECONDS) if opened_at else 0
    try:
        decide(by=request.user, revision=entered["revision"], comment=entered["comment"], seconds_spent=seconds)
    except RefusedError as error:
        messages.error(request, error.message)
    else:
        messages.success(
            request,
            _("Approved. The article goes live in a moment.")
            if entered["decision"] == Decision.APPROVED
            else _("Rejected. The reason is kept with the draft."),
        )
    return redirect("draft", merchant.slug, found.pk)


@require_POST
@merchant_page(role=Role.REVIEWER)
def draft_revisions(request: MerchantRequest, merchant: Merchant, draft_id: int) -> HttpResponse:
    found = _get_draft(merchant, draft_id)
    form = RevisionForm(request.POST)
    if not form.is_valid():
        return _render_draft(request, merchant, found, status=422, revision_form=form)
    try:
        revision = found.edit(by=request.user, title=form.cleaned_data["title"], body=form.cleaned_data["body"])
    except RefusedError as error:
        messages.error(request, error.message)
        # What was typed is not lost.
        return _render_draft(request, merchant, found, status=409, revision_form=form)
    else:
        messages.success(request, _("Saved as revision %(n)d. It waits for a decision.") % {"n": revision.number})
    return redirect("draft", merchant.slug, found.pk)


@require_POST
@merchant_page(role=Role.REVIEWER)
def draft_publications(request: MerchantRequest, merchant: Merchant, draft_id: int) -> HttpResponse:
    """Tries a publication again that failed or got lost."""
    found = _get_draft(merchant, draft_id)
    if found.find_waiting_approval() is None:
        messages.warning(request, _("Nothing approved waits for publication."))
    else:
        found.start_publication()
        messages.success(request, _("Publishing was started again."))
    return redirect("draft", merchant.slug, found.pk)


@require_POST
@merchant_page(role=Role.REVIEWER)
def draft_withdrawals(request: MerchantRequest, merchant: Merchant, draft_id: int) -> HttpResponse:
    found = _get_draft(merchant, draft_id)
    try:
        found.withdraw(by=request.user, comment=request.POST.get("comment", ""))
    except RefusedError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Unpublished. The agent no longer uses the article, and the gap is open again."))
    return redirect("draft", merchant.slug, found.pk)
