from django.urls import path

from reporting.api.reports import ReportsView, ReportView
from reporting.api.roi import RoiView
from reporting.api.roi_inputs import RoiInputsView

urlpatterns = [
    path("roi/", RoiView.as_view(), name="api_roi"),
    path("roi/inputs/", RoiInputsView.as_view(), name="api_roi_inputs"),
    path("reports/", ReportsView.as_view(), name="api_reports"),
    path("reports/<int:pk>/", ReportView.as_view(), name="api_report"),
]
