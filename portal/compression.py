"""Answers go out compressed where that is worth it: pages, lists and files of text, and static files in development."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

COMPRESSIBLE = (
    *("text/", "image/svg+xml", "application/json", "application/problem+json", "application/x-ndjson"),
    "application/vnd.oai.openapi",
)
GetResponse = Callable[[HttpRequest], HttpResponseBase]


def compress_answers(get_response: GetResponse) -> GetResponse:
    """By Django's own means, which hide the length of a page against BREACH. Fonts and pictures are small already, and
    a part of a file must stay that part. What WhiteNoise compressed when it was collected goes out as it is."""
    django = GZipMiddleware(get_response)

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        is_text = response.headers.get("Content-Type", "").startswith(COMPRESSIBLE)
        return django.process_response(request, response) if is_text and response.status_code == 200 else response

    return answer
