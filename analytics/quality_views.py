"""The quality page."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from analytics import quality
from analytics.quality import Version
from analytics.quality_charts import distribution_chart, interval, weekly_chart
from portal import llm
from portal.asked_period import asked_period
from portal.models import Merchant
from portal.periods import Period
from portal.tenancy import MerchantRequest, merchant_page


@require_safe
@merchant_page()
def quality_page(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    period = asked_period(request, merchant, now=timezone.now())
    versions = quality.versions(merchant, period)
    version = find_version(versions, request.GET.get("version", ""))
    context: dict[str, Any] = {
        "period": period,
        "versions": versions,
        "failures": quality.failures(merchant, period),
        "uses_judge": llm.is_configured(),
        "budget_is_spent": llm.is_configured() and not llm.has_budget(merchant),
    }
    if version is not None:
        context |= build_quality(merchant, period, version)
    return render(request, "analytics/quality.html", context)


def find_version(versions: list[Version], key: str) -> Version | None:
    """The asked one, or where it scored nothing in this period that with the most scores; None where there is none."""
    asked = [version for version in versions if version.key == key]
    return next(iter(asked or versions), None)


def build_quality(merchant: Merchant, period: Period, version: Version) -> dict[str, Any]:
    summary = quality.summary(merchant, period, version=version)
    if summary is None:
        return {}
    return {
        "summary": summary,
        "overall_interval": interval(summary.overall),
        "trend": weekly_chart(quality.weekly(merchant, period, version)),
        "distribution": distribution_chart(quality.distribution(merchant, period, version)),
        "channels": [(label, mean, interval(mean)) for label, mean in quality.by_channel(merchant, period, version)],
        "worst": quality.worst(merchant, period, version),
    }
