from django.urls import path

from reporting.views import anomalies, overview, reports, roi, roi_files, unsubscribe

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("anomalies/", anomalies.anomalies, name="anomalies"),
    path("anomalies/subscription/", anomalies.anomaly_subscription, name="anomaly_subscription"),
    path("roi/", roi.roi, name="roi"),
    path("roi/export.csv", roi_files.roi_csv, name="roi_csv"),
    path("roi/export.json", roi_files.roi_json, name="roi_json"),
    path("roi/paper/", roi_files.roi_paper, name="roi_paper"),
    path("reports/", reports.reports, name="reports"),
    path("reports/subscription/", reports.report_subscription, name="report_subscription"),
    path("reports/unsubscribe/<str:token>/", unsubscribe.report_unsubscribe, name="report_unsubscribe"),
    path("reports/<int:pk>/", reports.report, name="report"),
    path("reports/<int:pk>/email/", reports.report_email, name="report_email"),
    path("reports/<int:pk>/deliveries/", reports.report_deliveries, name="report_deliveries"),
]
