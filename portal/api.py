"""What every REST view shares: its merchant and scope, and errors as application/problem+json (RFC 9457)."""

import math
from datetime import datetime
from http import HTTPStatus
from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.api_query import Query
from portal.models import ApiKey, Merchant, Scope


class MerchantApiView(APIView):
    """Base of the REST views: `self.merchant` is the key's merchant, `self.now` the moment of the request.

    `query` names the parameters of a GET; what was asked stands in `self.asked`.
    """

    http_method_names = ["get", "head", "post", "put", "patch", "delete"]
    scope: Scope
    query: type[Query] = Query
    asked: dict[str, Any]
    now: datetime

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.now = timezone.now()
        if request.method in ("GET", "HEAD") and hasattr(self, "get"):
            self.asked = self.query.read(request.query_params, context={"merchant": self.merchant, "now": self.now})

    @property
    def merchant(self) -> Merchant:
        return cast(ApiKey, self.request.auth).merchant


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
