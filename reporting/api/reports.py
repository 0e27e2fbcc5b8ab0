"""The weekly reports over REST, as they were mailed."""

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api import MerchantApiView
from portal.api_page import PageQuery, page_of, read_page
from portal.models import Scope
from reporting.models import Report


class ReportSerializer(serializers.ModelSerializer[Report]):
    class Meta:
        model = Report
        fields = ("id", "start", "end", "subject", "created_at")


class FullReportSerializer(serializers.ModelSerializer[Report]):
    digest = serializers.DictField(help_text="Every number of the report, as it was told.")

    class Meta:
        model = Report
        fields = ("id", "start", "end", "subject", "created_at", "digest", "text", "html")


class ReportsView(MerchantApiView):
    scope = Scope.READ
    query = PageQuery

    @extend_schema(
        operation_id="reports_list",
        tags=["reports"],
        summary="Weekly reports, the oldest first",
        description="A report never changes after it was written.",
        responses=page_of(ReportSerializer),
    )
    def get(self, request: Request) -> Response:
        rows = Report.objects.for_merchant(self.merchant).defer("html", "text", "digest")
        return read_page(self, rows, ReportSerializer, by="created_at")


class ReportView(MerchantApiView):
    scope = Scope.READ

    @extend_schema(
        operation_id="reports_read", tags=["reports"], summary="One weekly report", responses=FullReportSerializer
    )
    def get(self, request: Request, pk: int) -> Response:
        report = get_object_or_404(Report.objects.for_merchant(self.merchant), pk=pk)
        return Response(FullReportSerializer(report).data)
