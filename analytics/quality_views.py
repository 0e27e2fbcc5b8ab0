"""The quality page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from analytics import quality
from analytics.coaching import N_LOWEST, coach
from analytics.lowest_scores import tell_apart
from analytics.quality import Version
from analytics.quality_charts import distribution_chart, interval, series_chart
from analytics.quality_parts import BY, Part, by_part
from analytics.quality_series import read_series
from analytics.quality_sums import ScoreSums, count_eligible
from portal import llm
from portal.asked_period import asked_period
from portal.models import Merchant
from portal.periods import Period
from portal.tenancy import MerchantRequest, merchant_page

N_LINES = 4
N_WORST = 10
TITLES = {"channel": _("By channel"), "agent_version": _("By agent version"), "topic": _("By topic of the gaps")}


@dataclass(frozen=True, slots=True)
class Table:
    """The parts of the traffic by one thing; `by` is also the filter of the list of conversations."""

    by: str
    title: str | Promise
    rows: Sequence[tuple[Part, str, str]]  # with its interval and the query of its conversations


def build_table(by: str, parts: Sequence[Part], period: Period) -> Table:
    rows = [(part, interval(part.mean), urlencode(period.query | {by: part.key})) for part in parts]
    return Table(by, TITLES[by], rows)


@require_safe
@merchant_page()
def quality_page(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    period = asked_period(request, merchant, now=timezone.now())
    scored = dict(quality.read_versions(merchant, period))
    versions = list(scored)
    version = find_version(versions, request.GET.get("version", ""))
    context: dict[str, Any] = {
        "period": period,
        "versions": versions,
        "failures": quality.failures(merchant, period),
        "uses_judge": llm.is_configured(),
        "budget_is_spent": llm.is_configured() and not llm.has_budget(merchant),
    }
    if version is not None:
        others = [other for other in versions if other.key != version.key]
        context |= build_quality(merchant, period, version, scored[version], others=others[: N_LINES - 1])
    return render(request, "analytics/quality.html", context)


def find_version(versions: list[Version], key: str) -> Version | None:
    """The asked one, or where it scored nothing in this period that with the most scores; None where there is none."""
    asked = [version for version in versions if version.key == key]
    return next(iter(asked or versions), None)


def build_quality(
    merchant: Merchant, period: Period, version: Version, sums: ScoreSums, *, others: Sequence[Version]
) -> dict[str, Any]:
    """`others` are shown beside it over time."""
    summary = quality.summarise(version, sums, n_eligible=count_eligible(merchant, period))
    series = read_series(merchant, period, [version, *others])
    lowest = quality.worst(merchant, period, version, limit=N_LOWEST)
    shared, worst = tell_apart(lowest, n_shown=N_WORST)
    return {
        "summary": summary,
        "overall_interval": interval(summary.overall),
        "trend": series_chart(series),
        "step": series.step,
        "beginnings": series.beginnings,
        "distribution": distribution_chart(sums.tenths),
        "parts": [build_table(by, by_part(merchant, period, version, by, sums=sums), period) for by in BY],
        "notes": coach(summary.dimensions, lowest),
        "n_lowest": len(lowest),
        "worst": worst,
        "shared": shared,
    }
