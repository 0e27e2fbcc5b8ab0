"""What the agent saves: the inputs, the formula with its numbers, and the result while typing."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from portal.asked_period import asked_period
from portal.costs import build_costs
from portal.models import AuditEntry, CostInputs, Merchant, Role
from portal.tenancy import MerchantRequest, merchant_page
from reporting.forms import CostInputsForm
from reporting.roi import Mode
from reporting.roi_page import build_roi_page
from reporting.savings import measure_savings


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page()
def roi(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    """GET with input fields in the query shows what they would lead to, without saving; POST saves them."""
    saved = CostInputs.objects.for_merchant(merchant).first() or CostInputs(merchant=merchant)
    if request.method == "POST":
        if request.membership.role < Role.OWNER:
            raise PermissionDenied
        form = CostInputsForm(request.POST, instance=saved)
        if form.is_valid():
            _save(request, merchant, form)
            return redirect(f"{reverse('roi', args=[merchant.slug])}?{request.GET.urlencode()}")
    elif CostInputsForm.base_fields.keys() & request.GET.keys():
        form = CostInputsForm(request.GET, instance=saved)
    else:
        form = CostInputsForm(instance=saved)
    context = _context(request, merchant, form)
    if request.htmx:
        return render(request, "reporting/_roi_result.html", context)
    return render(request, "reporting/roi.html", context, status=400 if request.method == "POST" else 200)


def _context(request: MerchantRequest, merchant: Merchant, form: CostInputsForm) -> dict[str, Any]:
    now = timezone.now()
    period = asked_period(request, merchant, now=now)
    mode = Mode.SEED if request.GET.get("mode") == Mode.SEED else Mode.HONEST
    is_owner = request.membership.role >= Role.OWNER
    if not is_owner:
        for field in form.fields.values():
            field.disabled = True
    is_usable = not form.is_bound or form.is_valid()
    page = None
    if is_usable:
        typed = form.cleaned_data if form.is_bound else form.initial
        savings = measure_savings(merchant, period, mode=mode, now=now, costs=build_costs(typed))
        page = build_roi_page(savings)
    return {
        "form": form,
        "roi": page,
        "period": period,
        "mode": mode.value,
        "is_owner": is_owner,
        "is_preview": form.is_bound and request.method != "POST",
    }


@transaction.atomic
def _save(request: MerchantRequest, merchant: Merchant, form: CostInputsForm) -> None:
    inputs = form.save(commit=False)
    inputs.updated_by = request.user
    inputs.save()
    changed = {name: str(form.cleaned_data[name]) for name in form.changed_data}
    AuditEntry.record(merchant, "costs.changed", by=request.user, on=inputs, detail=changed)
    messages.success(request, _("The inputs are saved."))
