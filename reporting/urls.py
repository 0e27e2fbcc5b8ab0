from django.urls import path

from reporting.views import anomalies, overview, reports, roi, unsubscribe

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("anomalies/", anomalies.anomalies, name="anomalies"),
    path("anomalies/subscription/", anomalies.anomaly_subscription, name="anomaly_subscription"),
    path("roi/", roi.roi, name="roi"),
    path("reports/", reports.reports, name="reports"),
    path("reports/subscription/", reports.report_subscription, name="report_subscription"),
    path("reports/unsubscribe/<str:token>/", unsubscribe.report_unsubscribe, name="report_unsubscribe"),
    path("reports/<int:pk>/", reports.report, name="report"),
    path("reports/<int:pk>/email/", reports.report_email, name="report_email"),
    path("reports/<int:pk>/deliveries/", reports.report_deliveries, name="report_deliveries"),
]
