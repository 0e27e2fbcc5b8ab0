"""How bodies come in and which kind goes out. Apart from portal/api.py, because DRF loads this before its own views."""

from collections.abc import Iterable, Mapping
from typing import IO, Any

from rest_framework import exceptions, status
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import JSONParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

MAX_BODY_BYTES = 1_000_000


class BodyTooLarge(exceptions.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = f"The body is larger than {MAX_BODY_BYTES // 1_000_000} MB."


class LimitedJsonParser(JSONParser):
    """Events have a reader of their own, with a limit of their own (analytics/events_api.py)."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        body = _Limited(stream)
        try:
            return super().parse(body, media_type, parser_context)  # type: ignore[arg-type]
        except RecursionError:
            raise exceptions.ParseError("JSON parse error - nested too deeply.") from None


class _Limited:
    """Reads no more than the limit, whatever the header says."""

    def __init__(self, stream: IO[Any]) -> None:
        self.stream = stream

    def read(self, size: int = -1) -> Any:
        body = self.stream.read(MAX_BODY_BYTES + 1)
        if len(body) > MAX_BODY_BYTES:
            raise BodyTooLarge
        return body


class OneAnswer(DefaultContentNegotiation):
    """Every operation has one kind of answer, whatever the client says that it accepts; an export names its own."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type
