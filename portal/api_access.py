"""Who may call the API: keys with scopes. Apart from portal/api.py, because DRF loads this before its own views."""

from datetime import timedelta
from typing import TYPE_CHECKING, cast

from django.utils import timezone
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from portal.models import ApiKey, Scope
from portal.models.api_key import hash_key

if TYPE_CHECKING:
    from rest_framework.views import APIView

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

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if request.auth is None:
            raise exceptions.NotAuthenticated("Send an API key: 'Authorization: Bearer <key>'.")
        scope: Scope = view.scope  # type: ignore[attr-defined]
        if scope not in cast(ApiKey, request.auth).scopes:
            raise exceptions.PermissionDenied(f"This API key lacks the scope '{scope}'.")
        return True
