"""Metrics, series and conversations out."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.api_shapes import (
    ConversationPageSerializer,
    ConversationSerializer,
    MetricsSerializer,
    OneConversationSerializer,
    SeriesSerializer,
)
from analytics.filters import LISTS, FilterError, Filters
from analytics.metrics import METRICS
from analytics.models import Channel, Conversation, HandoffReason
from analytics.queries import compare, conversations, data_to, series
from analytics.totals import Ratio, Totals
from portal.api import MerchantApiView, UpdatedCursor
from portal.models import Scope
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
