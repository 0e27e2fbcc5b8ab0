"""Events in; metrics, series and conversations out."""

from dataclasses import asdict
from datetime import datetime
from http import HTTPStatus
from typing import Any, cast

import msgspec
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from analytics.api_shapes import (
    ConversationPageSerializer,
    ConversationSerializer,
    IngestResultSerializer,
    MetricsSerializer,
    OneConversationSerializer,
    SeriesSerializer,
)
from analytics.body import MAX_BYTES, BodyError, decode_body
from analytics.filters import LISTS, FilterError, Filters
from analytics.ingest import ingest_events
from analytics.metrics import METRICS
from analytics.models import Channel, Conversation, HandoffReason
from analytics.queries import compare, conversations, data_to, series
from analytics.totals import Ratio, Totals
from portal.api import MerchantApiView, UpdatedCursor
from portal.models import ApiKey, Scope
from portal.periods import STEPS, Period, PeriodError, parse_period

IN_TOTALS = [key for key, metric in METRICS.items() if metric.is_in_totals]
PERIOD = [
    OpenApiParameter("period", enum=["7d", "30d", "90d", "week", "month", "quarter", "year", "custom"]),
    OpenApiParameter("from", OpenApiTypes.DATE, description="First day, with period=custom."),
    OpenApiParameter("to", OpenApiTypes.DATE, description="Last day, with period=custom."),
]
FILTERS = [
    OpenApiParameter("outcome", enum=[key for key in LISTS if key]),
    OpenApiParameter("channel", enum=Channel.values),
    OpenApiParameter("reason", enum=HandoffReason.values, description="Reason of the handoff."),
    OpenApiParameter("language"),
    OpenApiParameter("agent_version"),
    OpenApiParameter("text", description="Words of a message, or exactly a conversation_id or customer_id."),
]
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


class IngestThrottle(SimpleRateThrottle):
    """Per key; a client that hits it batches too little. The answer says when to try again."""

    scope = "ingest"
    rate = "1200/min"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        return f"throttle-ingest-{cast(ApiKey, request.auth).pk}" if request.auth else None


class EventsView(MerchantApiView):
    scope = Scope.INGEST
    throttle_classes = [IngestThrottle]

    @extend_schema(
        operation_id="send_events",
        request={
            "application/json": {"type": "array", "items": {"type": "object"}},
            "application/x-ndjson": OpenApiTypes.STR,
        },
        responses={
            200: IngestResultSerializer,
            400: OpenApiResponse(description="The body is no list of events."),
            413: OpenApiResponse(description="More than 5,000 events or 5 MB."),
            429: OpenApiResponse(description="Too many requests; see Retry-After."),
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
        try:
            events = decode_body(
                _read_body(request), request.content_type or "", request.headers.get("content-encoding", "")
            )
        except BodyError as error:
            raise BodyProblem(error) from None
        result = ingest_events(self.merchant, events, now=timezone.now())
        return Response(msgspec.to_builtins(result))


@extend_schema(exclude=True)
class EventsWithSlashView(EventsView):
    """The same address as a client spells it that puts a slash behind every one."""


def _read_body(request: Request) -> bytes:
    """Reads at most the limit, whatever the header says."""
    body = request._request.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        raise BodyError(
            "The body is larger than 5 MB. Send smaller batches.", status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        )
    return body


def read_period(view: MerchantApiView, now: datetime) -> Period:
    try:
        return parse_period(view.request.query_params.dict(), zone=view.merchant.zone, now=now)
    except PeriodError as error:
        raise exceptions.ValidationError({error.field: [error.message]}) from None


class MetricsView(MerchantApiView):
    scope = Scope.READ

    @extend_schema(
        operation_id="read_metrics", summary="Metrics of a period", parameters=PERIOD, responses=MetricsSerializer
    )
    def get(self, request: Request) -> Response:
        now = timezone.now()
        period = read_period(self, now)
        comparison = compare(self.merchant, period, now=now)
        return Response(
            {
                "start": period.start,
                "end": period.end,
                "data_to": data_to(self.merchant),
                "metrics": {
                    key: {
                        **_value(key, comparison.current),
                        "previous": getattr(comparison.previous, key),
                        "change": asdict(comparison.changes[key]),
                        "version": METRICS[key].version,
                    }
                    for key in IN_TOTALS
                },
                "outcomes": {
                    name: getattr(comparison.current, f"n_{name}")
                    for name in ("resolved", "confirmed", "escalated", "abandoned", "open", "not_involved", "excluded")
                },
            }
        )


def _value(key: str, totals: Totals) -> dict[str, Any]:
    metric = METRICS[key]
    value = {"value": getattr(totals, key), "unit": metric.unit.value, "n": None, "low": None, "high": None}
    if metric.ratio:
        ratio: Ratio = getattr(totals, metric.ratio)
        low, high = ratio.interval or (None, None)
        value |= {"n": ratio.n, "low": low, "high": high}
    elif metric.histogram:
        value["n"] = getattr(totals, metric.histogram).n
    return value


class SeriesView(MerchantApiView):
    scope = Scope.READ

    @extend_schema(
        operation_id="read_series",
        summary="One metric over time",
        parameters=[
            *PERIOD,
            OpenApiParameter("metric", enum=IN_TOTALS, required=True),
            OpenApiParameter("step", enum=list(STEPS), default="day"),
        ],
        responses=SeriesSerializer,
    )
    def get(self, request: Request) -> Response:
        key, step = request.query_params.get("metric", ""), request.query_params.get("step", "day")
        if key not in IN_TOTALS:
            raise exceptions.ValidationError({"metric": [f"“{key}” is not known. Use one of {', '.join(IN_TOTALS)}."]})
        now = timezone.now()
        period = read_period(self, now)
        try:
            points = series(self.merchant, period, step=step, now=now)
        except PeriodError as error:
            raise exceptions.ValidationError({error.field: [error.message]}) from None
        return Response(
            {
                "metric": key,
                "step": step,
                "points": [{"start": point.start, **_value(key, point.totals)} for point in points],
            }
        )


class ConversationsView(MerchantApiView):
    scope = Scope.READ

    @extend_schema(
        operation_id="list_conversations",
        summary="Conversations, the longest unchanged first",
        parameters=[
            *PERIOD,
            *FILTERS,
            OpenApiParameter("updated_since", OpenApiTypes.DATETIME),
            OpenApiParameter("cursor"),
            OpenApiParameter("page_size", OpenApiTypes.INT, description="At most 500."),
        ],
        responses=ConversationPageSerializer,
    )
    def get(self, request: Request) -> Response:
        asked = request.query_params
        period = read_period(self, timezone.now()) if {"period", "from", "to"} & asked.keys() else None
        try:
            found = conversations(self.merchant, period, Filters.from_query(asked.dict()))
        except FilterError as error:
            raise exceptions.ValidationError({error.field: [error.message]}) from None
        if since := asked.get("updated_since"):
            found = found.filter(updated_at__gte=_parse_moment("updated_since", since))
        cursor = UpdatedCursor()
        page = cursor.paginate_queryset(found.order_by("updated_at", "id"), request, view=self)
        return cursor.get_paginated_response(ConversationSerializer(page, many=True).data)


def _parse_moment(field: str, text: str) -> datetime:
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise exceptions.ValidationError({field: ["Write it with the zone, such as 2026-11-23T08:30:00Z."]})
    return moment


class ConversationView(MerchantApiView):
    scope = Scope.READ

    @extend_schema(
        operation_id="read_conversation",
        summary="One conversation with its messages",
        responses={200: OneConversationSerializer, 404: OpenApiResponse(description="No such conversation.")},
    )
    def get(self, request: Request, conversation_id: int) -> Response:
        rows = Conversation.objects.for_merchant(self.merchant).prefetch_related("messages")
        return Response(OneConversationSerializer(get_object_or_404(rows, pk=conversation_id)).data)
