"""The list of gaps, one gap, and its questions."""

from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from analytics.labelling import find_labelling
from analytics.models import Channel
from improvement.gap_list import (
    FRESH,
    SORTS,
    GapRow,
    Wanted,
    build_spark,
    count_groups,
    list_gaps,
    read_languages,
    summarise_gaps,
)
from improvement.gap_page import build_gap_page, read_questions, with_verdicts
from improvement.models import Article, Dismissal, Gap, Lack, Priority, Question, Reading
from improvement.tasks import find_gaps
from portal.models import Job, Merchant, Role
from portal.tenancy import MerchantRequest, merchant_page

PER_PAGE = 25
QUESTIONS_PER_PAGE = 50
MAX_OTHERS = 300  # to merge with
JOB_KIND = "find_gaps"


def get_gap(merchant: Merchant, gap_id: int) -> Gap:
    gap: Gap = get_object_or_404(Gap.objects.for_merchant(merchant).select_related("merchant"), pk=gap_id)
    return gap


@require_GET
@merchant_page()
def gaps(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    if any(value == "" for value in request.GET.values()):
        # A form sends what was left empty, too; addresses that are passed on say only what was asked for.
        said = [(name, value) for name, value in request.GET.items() if value]
        return redirect(f"{request.path}?{urlencode(said)}" if said else request.path)
    wanted = Wanted.from_query(request.GET, now=timezone.now())
    reading = Reading.objects.filter(merchant=merchant).first()
    page = Paginator(list_gaps(merchant, wanted), PER_PAGE).get_page(request.GET.get("page"))
    context: dict[str, Any] = {
        "page": page,
        "rows": [GapRow(gap, build_spark(gap.weekly_counts)) for gap in page],
        "wanted": wanted,
        "priorities": Priority.choices,
        "lacks": Lack.choices,
        "channels": Channel.choices,
        "languages": read_languages(merchant),
        "fresh": FRESH.items(),
        "sorts": [(key, label) for key, (label, _order) in SORTS.items()],
        "counts": count_groups(merchant),
        "summary": summarise_gaps(merchant, reading),
        "job": Job.find_unsettled(merchant, JOB_KIND),
        "reading": reading,
        "has_questions": Question.objects.for_merchant(merchant).exists(),
        "has_articles": Article.objects.for_merchant(merchant).exists(),
        "may_review": request.membership.role >= Role.REVIEWER,
    }
    return render(request, "improvement/gaps.html", context)


@require_GET
@merchant_page()
def gap(request: MerchantRequest, merchant: Merchant, gap_id: int) -> HttpResponse:
    found = get_gap(merchant, gap_id)
    if found.merged_into_id is not None:
        return redirect("gap", merchant.slug, found.merged_into_id)
    others = list_gaps(merchant, Wanted(group="", sort="name")).exclude(pk=found.pk).values_list("pk", "name")
    now = timezone.now()
    context = {
        "page": build_gap_page(merchant, found, now=now, hidden=find_labelling(request.user, now=now)),
        "gap": found,
        "others": others[:MAX_OTHERS],
        "drafts": found.drafts.all()[:5],
        "may_review": request.membership.role >= Role.REVIEWER,
        "dismissals": Dismissal.choices,
    }
    return render(request, "improvement/gap.html", context)


@require_GET
@merchant_page()
def gap_questions(request: MerchantRequest, merchant: Merchant, gap_id: int) -> HttpResponse:
    """All of a gap's questions, to choose from for a gap of their own."""
    found = get_gap(merchant, gap_id)
    now = timezone.now()
    questions = read_questions(merchant, found).exclude(conversation__in=find_labelling(request.user, now=now))
    page = Paginator(questions, QUESTIONS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "gap": found,
        "page": page,
        "rows": with_verdicts(merchant, list(page), now=now),
        "may_review": request.membership.role >= Role.REVIEWER,
    }
    return render(request, "improvement/gap_questions.html", context)


@require_POST
@merchant_page(role=Role.REVIEWER)
def gap_refreshes(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    """Starts one refresh; while it runs a second wish changes nothing."""
    running = Job.find_unsettled(merchant, JOB_KIND)
    if running is None or not running.is_active:
        job = Job.start(merchant, JOB_KIND, by=request.user)
        transaction.on_commit(lambda: find_gaps.delay(job.pk), robust=True)
    return redirect("gaps", merchant.slug)
