"""The return on investment to take away: CSV, JSON, and a page for paper. Inputs that are tried out are taken along."""

from collections.abc import Callable
from datetime import UTC
from functools import wraps

from django.http import HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from portal.models import Merchant
from portal.tenancy import MerchantRequest, merchant_page
from reporting.api.roi_shapes import RoiSerializer, encode_savings
from reporting.asked_roi import read_asked_roi
from reporting.roi_csv import write_roi_csv
from reporting.roi_page import RoiPage, build_roi_page
from reporting.roi_words import FORMULAS

FileView = Callable[[MerchantRequest, RoiPage], HttpResponse]


def roi_file(view: FileView) -> Callable[..., HttpResponseBase]:
    """An input that cannot be used is refused here: nobody would see that another one stands in its place."""

    @require_safe
    @merchant_page()
    @wraps(view)
    def wrapped(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
        asked = read_asked_roi(request, merchant, now=timezone.now())
        if asked.form.is_bound and not asked.form.is_valid():
            return JsonResponse({"errors": asked.form.errors}, status=400)
        return view(request, build_roi_page(asked))

    return wrapped


@roi_file
def roi_csv(request: MerchantRequest, page: RoiPage) -> HttpResponse:
    # The mark at the start tells spreadsheets that it is UTF-8.
    answer = HttpResponse("\ufeff" + write_roi_csv(page, by=str(request.user)), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{_file_name(page)}.csv"'
    return answer


@roi_file
def roi_json(request: MerchantRequest, page: RoiPage) -> HttpResponse:
    """What the REST endpoint answers for the same days and inputs."""
    with timezone.override(UTC):
        body = RoiSerializer(encode_savings(page.savings, page.merchant.currency)).data
    answer = JsonResponse(body, json_dumps_params={"indent": 2, "ensure_ascii": False})
    answer["Content-Disposition"] = f'attachment; filename="{_file_name(page)}.json"'
    return answer


@roi_file
def roi_paper(request: MerchantRequest, page: RoiPage) -> HttpResponse:
    context = {
        "page": page,
        "currency": page.merchant.currency,
        "formula": FORMULAS[page.roi.mode],
        "who": _("%(who)s, %(merchant)s") % {"who": request.user, "merchant": page.merchant},
    }
    return render(request, "reporting/roi_paper.html", context)


def _file_name(page: RoiPage) -> str:
    days = page.savings.period.days()
    return f"roi-{page.merchant.slug}-{days[0]}-{days[-1]}"
