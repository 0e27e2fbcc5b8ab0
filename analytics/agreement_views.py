"""The page about how scores and people agree, and measuring it or training the local scorer at once."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from analytics.agreement_charts import history_chart, scatter_chart
from analytics.agreement_page import AgreementPage, build_page
from analytics.calibration_tasks import JOB_KIND, calibrate_for_page
from analytics.models import Label, Stratum
from analytics.scorer_page import build_scorer_section
from analytics.scorer_state import current_shortage, read_scorer
from analytics.scorer_words import tell_shortage
from analytics.training_tasks import JOB_KIND as TRAINING_KIND
from analytics.training_tasks import train_scorer_for_page
from portal.models import Job, Merchant, Role
from portal.tenancy import MerchantRequest, merchant_page

OUTCOME_SHOWN_FOR = timedelta(days=1)  # what a training led to is read by others of the team, too


@require_safe
@merchant_page()
def agreement_page(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    page = build_page(
        merchant, version=request.GET.get("version", ""), dimension=request.GET.get("dimension", "overall")
    )
    labels = Label.objects.for_merchant(merchant).filter(task__stratum=Stratum.RANDOM, withdrawn_at=None)
    context: dict[str, Any] = {
        "page": page,
        "job": Job.find_unsettled(merchant, JOB_KIND),
        "has_labels": page is not None or labels.exclude(overall=None).exists(),
        "may_review": request.membership.role >= Role.REVIEWER,
        "scorer": build_scorer_section(read_scorer(merchant)),
        "training_job": Job.find_unsettled(merchant, TRAINING_KIND, done_since=timezone.now() - OUTCOME_SHOWN_FOR),
        "is_owner": request.membership.role >= Role.OWNER,
    }
    return render(request, "analytics/agreement.html", context | (_charts(page) if page else {}))


def _charts(page: AgreementPage) -> dict[str, Any]:
    findings = page.shown.findings
    return {
        "scatter": scatter_chart(findings["points"], findings.get("curve")),
        "history": history_chart(page.history) if len(page.history) > 1 else None,
    }


@require_POST
@merchant_page(role=Role.REVIEWER)
def agreement_measurements(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    """Starts one; while it runs a second wish changes nothing."""
    running = Job.find_unsettled(merchant, JOB_KIND)
    if running is None or not running.is_active:
        job = Job.start(merchant, JOB_KIND, by=request.user)
        transaction.on_commit(lambda: calibrate_for_page.delay(job.pk), robust=True)
    return redirect("quality_agreement", merchant.slug)


@require_POST
@merchant_page(role=Role.OWNER)
def scorer_trainings(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    """Starts one, unless labels are missing; while it runs a second wish changes nothing."""
    running = Job.find_unsettled(merchant, TRAINING_KIND)
    if running is None or not running.is_active:
        if shortage := current_shortage(merchant):
            messages.warning(request, tell_shortage(shortage))
        else:
            job = Job.start(merchant, TRAINING_KIND, by=request.user)
            transaction.on_commit(lambda: train_scorer_for_page.delay(job.pk), robust=True)
    return redirect("quality_agreement", merchant.slug)
