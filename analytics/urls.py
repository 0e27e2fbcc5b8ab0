from django.urls import URLPattern, path

from analytics.conversation_views import conversation_detail, conversation_list
from analytics.export_views import conversations_export, metrics_export
from analytics.quality_views import quality_page

urlpatterns: list[URLPattern] = [
    path("conversations/", conversation_list, name="conversations"),
    path("conversations/<int:conversation_id>/", conversation_detail, name="conversation"),
    path("export/conversations/", conversations_export, name="conversations_export"),
    path("export/metrics/", metrics_export, name="metrics_export"),
    path("quality/", quality_page, name="quality"),
]
