from django.urls import URLPattern, path

from analytics.conversation_views import conversation_detail, conversation_list
from analytics.quality_views import quality_page

urlpatterns: list[URLPattern] = [
    path("conversations/", conversation_list, name="conversations"),
    path("conversations/<int:conversation_id>/", conversation_detail, name="conversation"),
    path("quality/", quality_page, name="quality"),
]
