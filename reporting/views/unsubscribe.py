"""The unsubscribe link of an email: works without signing in, for people and for mail programs (RFC 8058)."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from portal.models import Merchant, User
from reporting.models import Subscription
from reporting.unsubscribe import read_token


# A mail program's one-click POST carries no cookie and no CSRF token; the signed address is the permission.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def report_unsubscribe(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """GET asks, POST does: mail scanners open every link, and must not unsubscribe anybody."""
    merchant = get_object_or_404(Merchant, slug=slug)
    found = read_token(merchant, token)
    if found is None:
        raise Http404("This link is not one of ours.")
    user_id, topic = found
    user = get_object_or_404(User, pk=user_id)
    if request.method == "POST":
        Subscription.unsubscribe(merchant, user, at=timezone.now(), topic=topic)
    with translation.override(merchant.locale):
        context = {"merchant": merchant, "email": user.email, "is_done": request.method == "POST", "topic": topic.value}
        return render(request, "reporting/unsubscribe.html", context)
