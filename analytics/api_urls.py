from django.urls import URLPattern, path

from analytics.agreement_api import AgreementView
from analytics.conversations_api import ConversationsView, ConversationView
from analytics.events_api import EventsView, EventsWithSlashView
from analytics.export_api import ConversationsExportView, MetricsExportView
from analytics.labels_api import LabelsView
from analytics.metrics_api import BreakdownsView, MetricsView, SeriesView
from analytics.quality_api import QualityScoresView, QualityView
from analytics.quality_parts_api import CoachingView, LowestQualityView, QualityBreakdownView, QualitySeriesView
from analytics.rubric_api import RubricView
from analytics.scorer_api import LocalScorerView
from analytics.spam_api import SpamDecisionsView

urlpatterns: list[URLPattern] = [
    path("events", EventsView.as_view(), name="api_events"),
    path("events/", EventsWithSlashView.as_view()),
    path("metrics/", MetricsView.as_view(), name="api_metrics"),
    path("series/", SeriesView.as_view(), name="api_series"),
    path("breakdowns/", BreakdownsView.as_view(), name="api_breakdowns"),
    path("conversations/", ConversationsView.as_view(), name="api_conversations"),
    path("conversations/<int:conversation_id>/", ConversationView.as_view(), name="api_conversation"),
    path("export/metrics", MetricsExportView.as_view(), name="api_export_metrics"),
    path("export/metrics/", MetricsExportView.as_view(schema=None)),
    path("export/conversations", ConversationsExportView.as_view(), name="api_export_conversations"),
    path("export/conversations/", ConversationsExportView.as_view(schema=None)),
    path(
        "conversations/<int:conversation_id>/spam-decisions/",
        SpamDecisionsView.as_view(),
        name="api_conversation_spam_decisions",
    ),
    path("labels/", LabelsView.as_view(), name="api_labels"),
    path("quality/", QualityView.as_view(), name="api_quality"),
    path("quality/agreement/", AgreementView.as_view(), name="api_quality_agreement"),
    path("quality/agreement", AgreementView.as_view(schema=None)),
    path("quality/series/", QualitySeriesView.as_view(), name="api_quality_series"),
    path("quality/breakdown/", QualityBreakdownView.as_view(), name="api_quality_breakdown"),
    path("quality/lowest/", LowestQualityView.as_view(), name="api_quality_lowest"),
    path("quality/coaching/", CoachingView.as_view(), name="api_quality_coaching"),
    path("quality/rubric/", RubricView.as_view(), name="api_quality_rubric"),
    path("quality/scorer/", LocalScorerView.as_view(), name="api_quality_scorer"),
    path("quality/scores/", QualityScoresView.as_view(), name="api_quality_scores"),
]
