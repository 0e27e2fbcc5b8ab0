"""What every REST view shares: its merchant and scope, and errors as application/problem+json (RFC 9457)."""

import math
from http import HTTPStatus
from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.pagination import CursorPagination
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.models import ApiKey, Merchant, Scope


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
    if limit := getattr(error, "limit", None):
        body["limit"] = limit
    headers: dict[str, str] = {}
    if auth_header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = auth_header
    if (wait := getattr(error, "wait", None)) is not None:
        headers["Retry-After"] = str(max(1, math.ceil(wait)))
    return Response(body, status=error.status_code, headers=headers, content_type="application/problem+json")
