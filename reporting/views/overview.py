"""The landing page of a merchant: how the agent does, what is missing, what waits for a person."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from analytics.queries import breakdown, series
from improvement.models import GapStatus
from portal.asked_period import asked_period
from portal.models import Merchant, Role
from portal.periods import Period
from portal.tenancy import MerchantRequest, merchant_page
from reporting.cards import build_cards
from reporting.digest import Digest, build_digest
from reporting.overview_charts import outcome_chart, step_of, trend_chart
from reporting.sentences import effect_rows, outcome_rows, page_url, quality_sentence

# The list behind each card: the page and its filter.
LISTS: dict[str, tuple[str, dict[str, str]]] = {
    "n_conversations": ("conversations", {}),
    "resolution_rate": ("conversations", {"outcome": "resolved"}),
    "mean_response_time_ms": ("conversations", {}),
    "savings": ("roi", {}),
}
CAN_DRAFT = (GapStatus.OPEN, GapStatus.REOPENED)


@require_safe
@merchant_page()
def overview(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    now = timezone.now()
    period = asked_period(request, merchant, now=now)
    digest = build_digest(merchant, period, now=now)
    if digest.data_to is None:
        return render(request, "reporting/welcome.html", _first_events(request))
    return render(request, "reporting/overview.html", _context(request, merchant, period, digest))


def _first_events(request: MerchantRequest) -> dict[str, Any]:
    """An example that works when it is pasted: fresh ids, and moments of the last minutes."""
    now = timezone.now()
    return {
        "events_url": request.build_absolute_uri("/api/v1/events"),
        "ids": [str(uuid4()) for _n in range(4)],
        "moments": [(now - timedelta(minutes=4 - n)).isoformat(timespec="seconds") for n in range(4)],
    }


def _context(request: MerchantRequest, merchant: Merchant, period: Period, digest: Digest) -> dict[str, Any]:
    now = timezone.now()
    step = step_of(period)
    points = series(merchant, period, step=step, now=now)
    channels = breakdown(merchant, period, "channel", now=now)

    def lists(name: str, filters: dict[str, str]) -> str:
        return f"{page_url(name, merchant)}?{urlencode({**filters, **period.query})}"

    return {
        "period": period,
        "digest": digest,
        "cards": [(card, lists(*LISTS[card.key])) for card in build_cards(digest, merchant)],
        "trend": trend_chart(points, step=step),
        "outcomes": outcome_chart(digest.outcomes),
        "outcome_rows": [(row, lists("conversations", {"outcome": row.key})) for row in outcome_rows(digest.outcomes)],
        "channels": [(part, lists("conversations", {"channel": part.key})) for part in channels],
        "effects": effect_rows(digest.effects),
        "quality_sentence": quality_sentence(digest.quality) if digest.quality else "",
        "may_draft": request.membership.role >= Role.REVIEWER,
        "can_draft": CAN_DRAFT,
    }
