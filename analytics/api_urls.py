from django.urls import URLPattern, path

from analytics.api import (
    ConversationsView,
    ConversationView,
    MetricsView,
    SeriesView,
)
from analytics.events_api import EventsView, EventsWithSlashView
from analytics.quality_api import QualityScoresView, QualityView

urlpatterns: list[URLPattern] = [
    path("events", EventsView.as_view(), name="api_events"),
    path("events/", EventsWithSlashView.as_view()),
    path("metrics/", MetricsView.as_view(), name="api_metrics"),
    path("series/", SeriesView.as_view(), name="api_series"),
    path("conversations/", ConversationsView.as_view(), name="api_conversations"),
    path("conversations/<int:conversation_id>/", ConversationView.as_view(), name="api_conversation"),
    path("quality/", QualityView.as_view(), name="api_quality"),
    path("quality/scores/", QualityScoresView.as_view(), name="api_quality_scores"),
]
