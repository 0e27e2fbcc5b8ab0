from django.urls import path

from reporting.views import unsubscribe

urlpatterns = [
    path("reports/unsubscribe/<str:token>/", unsubscribe.report_unsubscribe, name="report_unsubscribe"),
]
