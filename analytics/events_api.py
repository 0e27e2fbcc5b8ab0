"""Events in: the body of a request → the answer that says what was taken."""

from http import HTTPStatus
from typing import cast

import msgspec
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from analytics.admission import admit
from analytics.api_shapes import IngestResultSerializer
from analytics.body import MAX_BYTES, BodyError, decode_body
from analytics.ingest import ingest_events
from portal.api import MerchantApiView
from portal.models import ApiKey, Scope
from portal.throttles import charge_batch

# Each event is judged apart, so that a bad one loses no other: the body may hold anything.
EVENTS = {"type": "array", "items": {}}
ENVELOPE = {"type": "object", "properties": {"events": EVENTS}, "required": ["events"]}
EVENT_EXAMPLE = {
    "id": "9ea0afd9-5230-4242-bfd2-72cc2b2b6914",
    "type": "message.received",
    "conversation_id": "c-00728",
    "occurred_at": "2026-11-23T09:30:00+01:00",
    "channel": "widget",
    "data": {"text": "Where is my order?"},
}


class BodyProblem(exceptions.APIException):
    """A body that is no list of events, with the status of its reason."""

    def __init__(self, error: BodyError) -> None:
        super().__init__(error.message)
        self.status_code = error.status


class EventsView(MerchantApiView):
    scope = Scope.INGEST
    throttle_classes: list[type[BaseThrottle]] = []  # a batch is charged when its events are counted

    @extend_schema(
        operation_id="send_events",
        request={
            "application/json": {"oneOf": [EVENTS, ENVELOPE]},
            "application/x-ndjson": OpenApiTypes.STR,
        },
        responses={
            200: IngestResultSerializer,
            400: OpenApiResponse(description="The body is no list of events."),
            413: OpenApiResponse(description="More than 5,000 events or 5 MB."),
            429: OpenApiResponse(
                description="Too much in a minute, or too many at once; `limit` and Retry-After say more."
            ),
            503: OpenApiResponse(
                description="The merchant's numbers are being counted. Nothing was stored; see Retry-After."
            ),
        },
        examples=[OpenApiExample("One question", value=[EVENT_EXAMPLE], request_only=True)],
        summary="Send events",
        description=(
            'A JSON array, `{"events": […]}`, or one event per line (`application/x-ndjson`); up to 5,000 events or '
            "5 MB, `Content-Encoding: gzip` accepted. The answer comes after everything is stored and counted. Sending "
            "the same events again changes nothing."
        ),
    )
    def post(self, request: Request) -> Response:
        # Read whatever the answer: a connection that closes on half a body takes the answer with it.
        body = _read_body(request)
        with admit(self.merchant):
            events = _find_events(body, request)
            charge_batch(cast(ApiKey, request.auth), n_events=len(events), n_bytes=sum(map(len, events)))
            result = ingest_events(self.merchant, events, now=timezone.now())
        return Response(msgspec.to_builtins(result))


@extend_schema(exclude=True)
class EventsWithSlashView(EventsView):
    """The same address as a client spells it that puts a slash behind every one."""


def _read_body(request: Request) -> bytes:
    """Reads at most the limit, whatever the header says."""
    body = request._request.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        raise BodyProblem(
            BodyError("The body is larger than 5 MB. Send smaller batches.", status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        )
    return body


def _find_events(body: bytes, request: Request) -> list[msgspec.Raw]:
    try:
        return decode_body(body, request.content_type or "", request.headers.get("content-encoding", ""))
    except BodyError as error:
        raise BodyProblem(error) from None
