"""The conversations behind the numbers, and one of them as it went."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from analytics.conversation_page import neighbours, read_story
from analytics.filters import LISTS, FilterError, Filters
from analytics.models import Channel, Conversation, HandoffReason
from analytics.queries import conversations, data_to
from portal.asked_period import asked_period
from portal.models import Merchant
from portal.tenancy import MerchantRequest, merchant_page

PAGE_SIZE = 50


@require_safe
@merchant_page()
def conversation_list(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    period = asked_period(request, merchant, now=timezone.now())
    filters = asked_filters(request)
    found = conversations(merchant, period, filters).defer("response_ms")
    return render(
        request,
        "analytics/conversations.html",
        {
            "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
            "period": period,
            "filters": filters,
            "lists": LISTS,
            "channels": Channel.choices,
            "reasons": HandoffReason.choices,
            "data_to": data_to(merchant),
        },
    )


def asked_filters(request: MerchantRequest) -> Filters:
    """A filter that does not exist is answered with the whole list, and said so."""
    try:
        return Filters.from_query(request.GET.dict())
    except FilterError as error:
        messages.warning(request, error.message)
        return Filters()


@require_safe
@merchant_page()
def conversation_detail(request: MerchantRequest, merchant: Merchant, conversation_id: int) -> HttpResponse:
    conversation = get_object_or_404(Conversation.objects.for_merchant(merchant), pk=conversation_id)
    return render(
        request,
        "analytics/conversation.html",
        {
            "conversation": conversation,
            "story": read_story(merchant, conversation),
            "neighbours": neighbours(merchant, conversation),
            "scores": conversation.scores.order_by("-created_at"),
        },
    )
