"""The weekly reports, who got them, and whether I want them."""

from csp.decorators import csp
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.models import Job, Merchant, Role
from portal.periods import week_before
from portal.tenancy import MerchantRequest, merchant_page
from reporting.models import DeliveryState, Report, Subscription
from reporting.report import due_at, get_or_build_report
from reporting.tasks import start_deliveries
from reporting.unsubscribe import PLACEHOLDER

JOB_KIND = "report_deliveries"


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page()
def reports(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    """POST writes the report of the last full week before its hour of sending, without sending it."""
    now = timezone.now()
    week = week_before(now, merchant.zone)
    if request.method == "POST":
        if request.membership.role < Role.REVIEWER:
            raise PermissionDenied
        report, is_new = get_or_build_report(merchant, week, now=now)
        messages.success(request, _("The report is written.") if is_new else _("This report was written before."))
        return redirect("report", merchant.slug, report.pk)
    written = Report.objects.for_merchant(merchant).defer("html", "text", "digest")
    rows = written.order_by("-start").annotate(
        n_sent=Count("deliveries", filter=Q(deliveries__state=DeliveryState.SENT)),
        n_failed=Count("deliveries", filter=Q(deliveries__state=DeliveryState.FAILED)),
    )
    page = Paginator(rows, 25).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "week": week,
        "due_at": due_at(week),
        "has_last_week": any(report.end == week.end for report in page),
        "may_write": request.membership.role >= Role.REVIEWER,
        "is_subscribed": _is_subscribed(request),
    }
    return render(request, "reporting/reports.html", context)


@require_GET
@merchant_page()
def report(request: MerchantRequest, merchant: Merchant, pk: int) -> HttpResponse:
    found = get_object_or_404(Report.objects.for_merchant(merchant), pk=pk)
    job = Job.objects.for_merchant(merchant).filter(kind=JOB_KIND, target_id=found.pk).first()
    context = {
        "report": found,
        "text": found.text.replace(PLACEHOLDER, request.build_absolute_uri("../")),
        "deliveries": found.deliveries.select_related("requested_by"),
        "job": job if job and (job.is_active or "sent" in request.GET) else None,
        "n_subscribers": Subscription.active(merchant).count(),
        "may_send_to_all": request.membership.role >= Role.OWNER,
        "is_subscribed": _is_subscribed(request),
    }
    return render(request, "reporting/report.html", context)


@require_GET
@xframe_options_sameorigin
@csp(
    {
        "default-src": ["'none'"],
        "style-src": ["'unsafe-inline'"],
        "frame-ancestors": ["'self'"],
        "sandbox": ["allow-top-navigation-by-user-activation"],
    }
)
@merchant_page()
def report_email(request: MerchantRequest, merchant: Merchant, pk: int) -> HttpResponse:
    """The mailed HTML as it was mailed. Its inline styles are allowed here and nothing else is."""
    found = get_object_or_404(Report.objects.for_merchant(merchant), pk=pk)
    html = found.html.replace("<head>", '<head><base target="_top">', 1)
    return HttpResponse(html.replace(PLACEHOLDER, request.build_absolute_uri("../../")))


@require_POST
@merchant_page()
def report_deliveries(request: MerchantRequest, merchant: Merchant, pk: int) -> HttpResponse:
    """`to=me`, or `to=subscribers` for an owner."""
    found = get_object_or_404(Report.objects.for_merchant(merchant), pk=pk)
    match request.POST.get("to"):
        case "me":
            recipients = [request.user.email]
        case "subscribers":
            if request.membership.role < Role.OWNER:
                raise PermissionDenied
            recipients = [row.user.email for row in Subscription.active(merchant)]
        case _:
            raise Http404("Send to 'me' or to 'subscribers'.")
    ids = found.request_deliveries(recipients, by=request.user)
    if ids:
        job = Job.start(merchant, JOB_KIND, by=request.user, target_id=found.pk)
        start_deliveries(ids, job)
        text = ngettext("Sending %(n)d email.", "Sending %(n)d emails.", len(ids))
        messages.success(request, text % {"n": len(ids)})
    else:
        messages.info(request, _("Nobody was left to send it to: everybody asked for has this report."))
    return redirect(f"{reverse('report', args=[merchant.slug, found.pk])}?sent")


@require_POST
@merchant_page()
def report_subscription(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    """`wanted=yes` subscribes the person who is signed in, anything else unsubscribes."""
    if request.POST.get("wanted") == "yes":
        Subscription.subscribe(merchant, request.user, at=timezone.now())
        messages.success(request, _("You get the report every Monday at 08:00."))
    else:
        Subscription.unsubscribe(merchant, request.user, at=timezone.now())
        messages.success(request, _("You get no more weekly reports of this merchant."))
    return redirect("reports", merchant.slug)


def _is_subscribed(request: MerchantRequest) -> bool:
    exists: bool = Subscription.active(request.merchant).filter(user=request.user).exists()
    return exists
