"""The rubric: everybody reads it, owners change it and bring earlier versions back."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from analytics.models import RubricVersion
from analytics.rubric import current_rubric
from analytics.rubric_changes import JOB_KIND, change_rubric, contents, restore_rubric
from analytics.rubric_form import RubricForm
from analytics.rubric_page import build_preview, count_judged, read_history, read_last_steps
from portal import llm
from portal.models import Job, Merchant, Role
from portal.tenancy import MerchantRequest, merchant_page, require_role

OUTCOME_SHOWN_FOR = timedelta(days=1)  # what a change led to is read by others of the team, too


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page()
def rubric_page(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    now, status, preview = timezone.now(), 200, None
    saved = contents(RubricVersion.objects.for_merchant(merchant).first())
    if request.method == "POST":
        require_role(request, Role.OWNER)
        form = RubricForm(saved, request.POST)
        if not form.is_valid():
            status = 422
        elif request.POST.get("action") == "preview":
            preview = build_preview(merchant, *form.checked[:2], now=now)
        else:
            weights, own, note = form.checked
            tell(request, change_rubric(merchant, weights, own, note=note, by=request.user, at=now))
            return redirect("quality_rubric", merchant.slug)
    else:
        form = RubricForm(saved)
    is_owner = request.membership.role >= Role.OWNER
    for field in form.fields.values():
        field.disabled = not is_owner
    context: dict[str, Any] = {
        "form": form,
        "is_owner": is_owner,
        "rubric": current_rubric(merchant),
        "preview": preview,
        "history": read_history(merchant),
        "steps": read_last_steps(merchant),
        "judged": count_judged(merchant, now=now),
        "job": Job.find_unsettled(merchant, JOB_KIND, done_since=now - OUTCOME_SHOWN_FOR),
        "uses_judge": llm.is_configured(),
    }
    return render(request, "analytics/rubric.html", context, status=status)


@require_POST
@merchant_page(role=Role.OWNER)
def rubric_restorations(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    number = request.POST.get("number", "")
    if not (number.isascii() and number.isdigit() and len(number) < 9):
        raise Http404("No such version.")
    try:
        row = restore_rubric(merchant, int(number), by=request.user, at=timezone.now())
    except RubricVersion.DoesNotExist:
        raise Http404("No such version.") from None
    tell(request, row)
    return redirect("quality_rubric", merchant.slug)


def tell(request: MerchantRequest, row: RubricVersion | None) -> None:
    if row is None:
        messages.info(request, _("Nothing was changed."))
    else:
        messages.success(request, _("Version %(number)s holds from now on.") % {"number": row.number})
