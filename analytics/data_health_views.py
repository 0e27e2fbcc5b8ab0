from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from analytics.data_health import REJECTED_DAYS, read_data_health
from portal.models import Merchant
from portal.tenancy import MerchantRequest, merchant_page


@require_safe
@merchant_page()
def data_health(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    health = read_data_health(merchant, now=timezone.now())
    return render(request, "analytics/data_health.html", {"health": health, "rejected_days": REJECTED_DAYS})
