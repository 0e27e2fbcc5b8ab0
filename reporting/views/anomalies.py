"""The hours in which something was out of the ordinary, and whether I want to be told."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from analytics.queries import data_from, data_to
from portal.models import Merchant, Role
from portal.tenancy import MerchantRequest, merchant_page
from reporting.anomaly_words import tell
from reporting.models import Anomaly, Subscription, Topic
from reporting.watching import enough_from

PAGE_SIZE = 50


@require_safe
@merchant_page()
def anomalies(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    page = Paginator(Anomaly.objects.for_merchant(merchant).select_related("merchant"), PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    first = data_from(merchant)
    wanted = Subscription.active(merchant, Topic.ANOMALIES).filter(user=request.user)
    context = {
        "page": page,
        "lines": [tell(anomaly) for anomaly in page],
        "data_to": data_to(merchant),
        "enough_from": enough_from(first) if first and enough_from(first) > timezone.now() else None,
        "may_subscribe": request.membership.role >= Role.OWNER,
        "is_subscribed": wanted.exists(),
    }
    return render(request, "reporting/anomalies.html", context)


@require_POST
@merchant_page(role=Role.OWNER)
def anomaly_subscription(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    """`wanted=yes` subscribes the owner who is signed in, anything else unsubscribes."""
    if request.POST.get("wanted") == "yes":
        Subscription.subscribe(merchant, request.user, at=timezone.now(), topic=Topic.ANOMALIES)
        messages.success(request, _("You get an email when something is out of the ordinary, one for each incident."))
    else:
        Subscription.unsubscribe(merchant, request.user, at=timezone.now(), topic=Topic.ANOMALIES)
        messages.success(request, _("You get no more emails about unusual hours of this merchant."))
    return redirect("anomalies", merchant.slug)
