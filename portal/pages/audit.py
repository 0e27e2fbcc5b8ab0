"""Who did what, and when."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.models import AuditEntry, Merchant, Role
from portal.tenancy import MerchantRequest, merchant_page

PAGE_SIZE = 50


@require_safe
@merchant_page(role=Role.OWNER)
def audit(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    page = Paginator(AuditEntry.objects.for_merchant(merchant), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "portal/audit.html", {"page": page})
