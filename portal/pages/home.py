"""Where somebody lands who named no page."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from portal.models import Membership, User


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    memberships = list(Membership.objects.filter(user=user).select_related("merchant").order_by("merchant__name"))
    if len(memberships) == 1:
        return redirect("overview", slug=memberships[0].merchant.slug)
    return render(request, "portal/home.html", {"memberships": memberships})
