"""How far a piece of background work has come."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from portal.models import Job, Merchant
from portal.tenancy import MerchantRequest, merchant_page


@require_safe
@merchant_page()
def job(request: MerchantRequest, merchant: Merchant, job_id: int) -> HttpResponse:
    """For htmx only the part that changes; when the work has ended, htmx loads the page anew with its result."""
    found = get_object_or_404(Job.objects.for_merchant(merchant).select_related("merchant"), pk=job_id)
    if not request.htmx:
        return render(request, "portal/job.html", {"job": found})
    response = render(request, "_partials/job_state.html", {"job": found})
    if not found.is_active:
        response["HX-Refresh"] = "true"
    return response
