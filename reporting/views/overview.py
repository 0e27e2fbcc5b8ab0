"""The landing page of a merchant: how the agent does, what changed, what is missing, what waits for a person."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from analytics.queries import Segment
from improvement.models import GapStatus
from portal.asked_period import asked_period
from portal.models import Merchant, Role
from portal.tenancy import MerchantRequest, merchant_page
from reporting.overview_page import build_overview

CAN_DRAFT = (GapStatus.OPEN, GapStatus.REOPENED)


@require_safe
@merchant_page()
def overview(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    """`compare=off` leaves out the window before; channel, language and agent_version narrow the numbers."""
    now = timezone.now()
    period = asked_period(request, merchant, now=now)
    compares = request.GET.get("compare") != "off"
    segment = Segment.from_query(request.GET.dict())
    shown = build_overview(merchant, period, segment, compares=compares, now=now)
    if shown.digest.data_to is None:
        return render(request, "reporting/welcome.html", _first_events(request))
    context = {
        "overview": shown,
        "period": period,
        "segment": segment,
        "compares": compares,
        "may_draft": request.membership.role >= Role.REVIEWER,
        "can_draft": CAN_DRAFT,
    }
    is_swap = request.htmx and not request.htmx.history_restore_request
    response = render(request, f"reporting/{'_overview_swap' if is_swap else 'overview'}.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _first_events(request: MerchantRequest) -> dict[str, Any]:
    """An example that works when it is pasted: fresh ids, and moments of the last minutes."""
    now = timezone.now()
    return {
        "events_url": request.build_absolute_uri("/api/v1/events"),
        "ids": [str(uuid4()) for _n in range(4)],
        "moments": [(now - timedelta(minutes=4 - n)).isoformat(timespec="seconds") for n in range(4)],
    }
