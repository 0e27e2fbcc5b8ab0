"""What the agent saves: the inputs, the formula with its numbers, and the result while typing."""

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from portal.costs import DEFAULTS, TYPED_NAMES
from portal.models import CostInputs, Merchant, Role
from portal.tenancy import MerchantRequest, merchant_page, require_role
from reporting.asked_roi import AskedRoi, read_asked_roi
from reporting.roi_inputs import build_field_rows, show_amount
from reporting.roi_page import build_roi_page

# What was typed before the last save, kept until the page was shown once: {merchant: {name: text}}.
UNDO = "roi_inputs_before"


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page()
def roi(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    """GET with inputs in the query shows what they would lead to, without saving; POST saves them."""
    now = timezone.now()
    if request.method != "POST":
        return _show(request, read_asked_roi(request, merchant, now=now))
    require_role(request, Role.OWNER)
    asked = read_asked_roi(request, merchant, now=now, typed=request.POST)
    if not asked.form.is_valid():
        return _show(request, asked, status=400)
    _save(request, merchant, asked)
    return redirect(f"{reverse('roi', args=[merchant.slug])}?{_without_inputs(request)}")


def _show(request: MerchantRequest, asked: AskedRoi, *, status: int = 200) -> HttpResponse:
    page = build_roi_page(asked)
    context = {
        "page": page,
        "form": asked.form,
        "fields": build_field_rows(asked, page.roi),
        "period": asked.period,
        "currency": asked.merchant.currency,
        "is_owner": request.membership.role >= Role.OWNER,
    }
    if request.htmx and not request.htmx.history_restore_request:
        answer = render(request, "reporting/_roi_live.html", context)
        answer["HX-Replace-Url"] = f"{request.path}?{page.query}"
    else:
        answer = render(request, "reporting/roi.html", {**context, **_around(request, asked.merchant)}, status=status)
    patch_vary_headers(answer, ["HX-Request"])  # or the way back may lead to a part of the page
    return answer


def _around(request: MerchantRequest, merchant: Merchant) -> dict[str, Any]:
    """What only the whole page shows: the way back, and what the defaults are."""
    before = request.session.get(UNDO, {})
    undo = before.pop(merchant.slug, None)
    if undo is not None:
        request.session[UNDO] = before
    defaults = ", ".join(show_amount(name, value, merchant.currency) for name, value in DEFAULTS.items())
    return {"undo": undo, "defaults": defaults, "names": TYPED_NAMES}


def _save(request: MerchantRequest, merchant: Merchant, asked: AskedRoi) -> None:
    amounts: dict[str, Decimal | None] = asked.form.cleaned_data if asked.form.is_bound else {}
    if CostInputs.change(merchant, amounts, by=request.user, at=asked.now):
        before = {name: text for name, text in asked.form.texts(asked.saved.amounts).items() if name in amounts}
        request.session[UNDO] = {**request.session.get(UNDO, {}), merchant.slug: before}
        messages.success(request, _("The inputs are saved."))
    else:
        messages.info(request, _("Nothing was changed."))


def _without_inputs(request: MerchantRequest) -> str:
    query = request.GET.copy()
    for name in TYPED_NAMES:
        query.pop(name, None)
    return query.urlencode()
