"""Which merchant a page is about, and whether this user may see it: stranger 404, role too low 403."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone, translation

from portal.models import Membership, Merchant, Role, User


class MerchantRequest(HttpRequest):
    """A request whose user was found to be a member of `merchant`."""

    user: User
    merchant: Merchant
    membership: Membership
    htmx: Any


MerchantView = Callable[..., HttpResponseBase]


def find_membership(user: User, slug: str) -> Membership | None:
    return Membership.objects.select_related("merchant").filter(user=user, merchant__slug=slug).first()


def require_role(request: MerchantRequest, role: Role) -> None:
    """For a page that many may read and few may change. Raises PermissionDenied."""
    if request.membership.role < role:
        raise PermissionDenied


def merchant_page(role: Role = Role.VIEWER) -> Callable[[MerchantView], Callable[..., HttpResponseBase]]:
    """Wraps `view(request, merchant, **kwargs)`; dates and numbers come out in the merchant's zone and locale."""

    def decorate(view: MerchantView) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        @login_required
        def wrapped(request: MerchantRequest, slug: str, **kwargs: Any) -> HttpResponseBase:
            membership = find_membership(request.user, slug)
            if membership is None:
                raise Http404("No such merchant.")
            request.merchant, request.membership = membership.merchant, membership
            require_role(request, role)
            with timezone.override(membership.merchant.zone), translation.override(membership.merchant.locale):
                return view(request, membership.merchant, **kwargs)

        wrapped.required_role = role  # type: ignore[attr-defined]
        return wrapped

    return decorate
