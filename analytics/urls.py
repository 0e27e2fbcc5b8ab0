from django.urls import URLPattern, path

from analytics.conversation_views import conversation_detail, conversation_list
from analytics.data_health_views import data_health
from analytics.export_views import conversations_export, metrics_export
from analytics.quality_views import quality_page
from analytics.spam_views import spam_decisions

urlpatterns: list[URLPattern] = [
    path("conversations/", conversation_list, name="conversations"),
    path("conversations/<int:conversation_id>/", conversation_detail, name="conversation"),
    path("conversations/<int:conversation_id>/spam-decisions/", spam_decisions, name="conversation_spam_decisions"),
    path("data-health/", data_health, name="data_health"),
    path("export/conversations/", conversations_export, name="conversations_export"),
    path("export/metrics/", metrics_export, name="metrics_export"),
    path("quality/", quality_page, name="quality"),
]
