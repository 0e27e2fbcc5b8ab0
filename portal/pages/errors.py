"""What went wrong and what to do about it. Under /api/ errors stay machine-readable."""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template import loader


def _answer(request: HttpRequest, status: HTTPStatus) -> HttpResponse:
    if request.path.startswith("/api/"):
        body = {"type": "about:blank", "title": status.phrase, "status": int(status)}
        return JsonResponse(body, status=status, content_type="application/problem+json")
    return render(request, f"{int(status)}.html", status=status)


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return _answer(request, HTTPStatus.BAD_REQUEST)


def forbidden(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return _answer(request, HTTPStatus.FORBIDDEN)


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return _answer(request, HTTPStatus.NOT_FOUND)


def server_error(request: HttpRequest) -> HttpResponse:
    """Rendered without context processors: whatever broke must not break the page about it."""
    if request.path.startswith("/api/"):
        return _answer(request, HTTPStatus.INTERNAL_SERVER_ERROR)
    return HttpResponse(loader.get_template("500.html").render({}), status=500)
