from django.urls import URLPattern, path

from analytics.quality_api import QualityScoresView, QualityView

urlpatterns: list[URLPattern] = [
    path("quality/", QualityView.as_view(), name="api_quality"),
    path("quality/scores/", QualityScoresView.as_view(), name="api_quality_scores"),
]
