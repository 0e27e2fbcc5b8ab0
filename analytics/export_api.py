"""Exports over REST: the numbers of the other operations as files, streamed."""

from typing import Any

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions
from rest_framework.request import Request

from analytics.api_query import FiltersQuery, SegmentQuery
from analytics.export_formats import Format, export_response
from analytics.export_rows import CONVERSATION_COLUMNS, conversation_rows, metric_columns, metric_rows
from analytics.filters import FilterError
from analytics.segments import DIMENSIONS
from portal.api import MerchantApiView
from portal.api_query import Choice
from portal.models import Scope
from portal.periods import STEPS

FILES: dict[Any, Any] = {
    (200, "text/csv"): OpenApiTypes.STR,
    (200, "application/json"): {"type": "array", "items": {"type": "object", "additionalProperties": True}},
    (200, "application/x-ndjson"): OpenApiTypes.STR,
}
FORMAT = Choice([kind.value for kind in Format], default=Format.CSV.value)


class MetricsExportQuery(SegmentQuery):
    format = FORMAT
    step = Choice(STEPS, default="day")
    by = Choice(DIMENSIONS, required=False, help_text="A row for each step and each of its values.")


class ConversationsExportQuery(FiltersQuery):
    format = FORMAT


class MetricsExportView(MerchantApiView):
    scope = Scope.READ
    query = MetricsExportQuery

    @extend_schema(
        operation_id="export_metrics",
        tags=["export"],
        summary="Counts and metrics by step, as a file",
        description="The columns are in docs/api.md. Counts add up to those of the period; rates do not add up.",
        responses=FILES,
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        asked, period, by = self.asked, self.asked["window"], self.asked.get("by", "")
        rows = metric_rows(self.merchant, period, step=asked["step"], by=by, segment=asked["segment"], now=self.now)
        kind = Format(asked["format"])
        return export_response(self.merchant, period, rows, what="metrics", columns=metric_columns(by), kind=kind)


class ConversationsExportView(MerchantApiView):
    scope = Scope.READ
    query = ConversationsExportQuery

    @extend_schema(
        operation_id="export_conversations",
        tags=["export"],
        summary="Conversations row by row, as a file",
        description="The columns are the fields of the list of conversations; times are in the merchant's zone.",
        responses=FILES,
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        asked, period = self.asked, self.asked["window"]
        try:
            rows = conversation_rows(self.merchant, period, asked["filters"], now=self.now)
        except FilterError as error:
            raise exceptions.ValidationError({error.field: [error.message]}) from None
        kind = Format(asked["format"])
        return export_response(
            self.merchant, period, rows, what="conversations", columns=CONVERSATION_COLUMNS, kind=kind
        )
