"""The conversations behind the numbers, and one of them as it went."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from analytics.conversation_list import read_page
from analytics.conversation_page import build_page
from analytics.filter_choices import build_chips, build_choices
from analytics.filters import FilterError, Filters
from analytics.labelling import is_labelling
from analytics.models import Conversation
from analytics.queries import data_to
from portal.asked_period import asked_period
from portal.models import Merchant, Role
from portal.tenancy import MerchantRequest, merchant_page


@require_safe
@merchant_page()
def conversation_list(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    """For htmx only the part that the filters change."""
    now = timezone.now()
    period = asked_period(request, merchant, now=now)
    cursors = {name: request.GET.get(name, "") for name in ("before", "after")}
    try:
        filters = Filters.from_query(request.GET.dict())
        page = read_page(merchant, period, filters, **cursors, now=now)
    except FilterError as error:
        # A filter that does not exist is answered with the whole list, and said so.
        messages.warning(request, error.message)
        filters = Filters()
        page = read_page(merchant, period, filters, **cursors, now=now)
    choices = build_choices(merchant, period, filters)
    context = {
        "page": page,
        "period": period,
        "filters": filters,
        "choices": choices,
        "chips": build_chips(period, filters, choices),
        "data_to": data_to(merchant),
    }
    is_swap = request.htmx and not request.htmx.history_restore_request
    response = render(request, f"analytics/{'_conversation_swap' if is_swap else 'conversations'}.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_safe
@merchant_page()
def conversation_detail(request: MerchantRequest, merchant: Merchant, conversation_id: int) -> HttpResponse:
    rows = Conversation.objects.for_merchant(merchant).select_related("merchant")
    conversation = get_object_or_404(rows, pk=conversation_id)
    if is_labelling(conversation.pk, request.user, now=timezone.now()):
        # Its scores and rating would tell what the label is to be held against.
        messages.info(
            request, _("You are labelling this conversation. Its page opens when you have saved or skipped it.")
        )
        return redirect("quality_labels", merchant.slug)
    context = {
        "conversation": conversation,
        "page": build_page(merchant, conversation),
        "may_review": request.membership.role >= Role.REVIEWER,
    }
    return render(request, "analytics/conversation.html", context)
