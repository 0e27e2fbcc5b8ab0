"""The weekly reports over REST, as they were mailed."""

from typing import Any, cast

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api import MerchantApiView, UpdatedCursor
from portal.models import Scope
from reporting.models import Report


class CreatedCursor(UpdatedCursor):
    """A report never changes after it was written."""

    ordering = ("created_at", "id")


class ReportSerializer(serializers.ModelSerializer[Report]):
    class Meta:
        model = Report
        fields = ("id", "start", "end", "subject", "created_at")


class FullReportSerializer(serializers.ModelSerializer[Report]):
    digest = serializers.DictField(help_text="Every number of the report, as it was told.")

    class Meta:
        model = Report
        fields = ("id", "start", "end", "subject", "created_at", "digest", "text", "html")


class ReportFilterSerializer(serializers.Serializer[Any]):
    updated_since = serializers.DateTimeField(required=False)


class ReportsView(MerchantApiView):
    scope = Scope.READ

    @extend_schema(
        summary="Weekly reports, the oldest first",
        tags=["reports"],
        operation_id="reports_list",
        parameters=[
            ReportFilterSerializer,
            OpenApiParameter("cursor", str),
            OpenApiParameter("page_size", int),
        ],
        responses=ReportSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        rows = Report.objects.for_merchant(self.merchant).defer("html", "text", "digest")
        filters = ReportFilterSerializer(data=request.query_params)
        filters.is_valid(raise_exception=True)
        if since := filters.validated_data.get("updated_since"):
            rows = rows.filter(created_at__gte=since)
        cursor = CreatedCursor()
        page = cast(list[Report], cursor.paginate_queryset(rows, request, view=self))
        return cursor.get_paginated_response(ReportSerializer(page, many=True).data)


class ReportView(MerchantApiView):
    scope = Scope.READ

    @extend_schema(summary="One weekly report", tags=["reports"], responses=FullReportSerializer)
    def get(self, request: Request, pk: int) -> Response:
        report = get_object_or_404(Report.objects.for_merchant(self.merchant), pk=pk)
        return Response(FullReportSerializer(report).data)
