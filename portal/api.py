"""What every REST view shares: API keys with scopes, and errors as application/problem+json (RFC 9457)."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.pagination import CursorPagination
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.models import ApiKey, Merchant, Scope
from portal.models.api_key import hash_key

LAST_USED_PRECISION = timedelta(minutes=1)


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer <key>`. The key decides the merchant; no URL names one."""

    def authenticate(self, request: Request) -> tuple[None, ApiKey] | None:
        parts = get_authorization_header(request).split()
        if not parts:
            return None
        if len(parts) != 2 or parts[0].lower() != b"bearer":
            raise exceptions.AuthenticationFailed("Send the header 'Authorization: Bearer <key>'.")
        key = (
            ApiKey.objects.select_related("merchant")
            .filter(key_hash=hash_key(parts[1].decode("latin-1")), revoked_at=None)
            .first()
        )
        if key is None:
            raise exceptions.AuthenticationFailed("This API key is unknown or revoked. Make a new one under Settings.")
        now = timezone.now()
        if key.last_used_at is None or now - key.last_used_at > LAST_USED_PRECISION:
            ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
        return None, key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class HasScope(BasePermission):
    """The view names the scope it wants in `scope`; without one nobody gets in."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if request.auth is None:
            raise exceptions.NotAuthenticated("Send an API key: 'Authorization: Bearer <key>'.")
        scope: Scope = view.scope  # type: ignore[attr-defined]
        if scope not in cast(ApiKey, request.auth).scopes:
            raise exceptions.PermissionDenied(f"This API key lacks the scope '{scope}'.")
        return True


class MerchantApiView(APIView):
    """Base of the REST views: `self.merchant` is the key's merchant."""

    scope: Scope

    @property
    def merchant(self) -> Merchant:
        return cast(ApiKey, self.request.auth).merchant


class UpdatedCursor(CursorPagination):
    """Pages by `updated_at`, so that a client can go on from where it stopped."""

    ordering = ("updated_at", "id")
    page_size = 100
    max_page_size = 500
    page_size_query_param = "page_size"


def problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: every error of the API as problem+json, with `errors` naming the fields."""
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if not isinstance(error, exceptions.APIException):
        return None
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(error.status_code).phrase,
        "status": error.status_code,
    }
    if isinstance(error, exceptions.ValidationError):
        body["detail"] = "Some fields are not valid; see errors."
        body["errors"] = error.detail
    else:
        body["detail"] = str(error.detail)
    headers: dict[str, str] = {}
    if auth_header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = auth_header
    if (wait := getattr(error, "wait", None)) is not None:
        headers["Retry-After"] = str(int(wait) + 1)
    return Response(body, status=error.status_code, headers=headers, content_type="application/problem+json")
