from django.urls import path

from reporting.api.reports import ReportsView, ReportView
from reporting.api.roi import RoiView

urlpatterns = [
    path("roi/", RoiView.as_view(), name="api_roi"),
    path("reports/", ReportsView.as_view(), name="api_reports"),
    path("reports/<int:pk>/", ReportView.as_view(), name="api_report"),
]
