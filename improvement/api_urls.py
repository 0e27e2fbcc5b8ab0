from django.urls import URLPattern, path

from improvement.api.articles import ArticleSearchView, ArticlesView, ArticleView
from improvement.api.drafts import DraftReviewsView, DraftsView, DraftView
from improvement.api.gap_actions import (
    GapDismissalsView,
    GapMergesView,
    GapNamesView,
    GapReopeningsView,
    GapSplitsView,
)
from improvement.api.gaps import GapsView, GapView

urlpatterns: list[URLPattern] = [
    path("articles/", ArticlesView.as_view(), name="api_articles"),
    path("articles/<str:external_id>/", ArticleView.as_view(), name="api_article"),
    path("article-search/", ArticleSearchView.as_view(), name="api_article_search"),
    path("gaps/", GapsView.as_view(), name="api_gaps"),
    path("gaps/<int:gap_id>/", GapView.as_view(), name="api_gap"),
    path("gaps/<int:gap_id>/names/", GapNamesView.as_view(), name="api_gap_names"),
    path("gaps/<int:gap_id>/dismissals/", GapDismissalsView.as_view(), name="api_gap_dismissals"),
    path("gaps/<int:gap_id>/reopenings/", GapReopeningsView.as_view(), name="api_gap_reopenings"),
    path("gaps/<int:gap_id>/merges/", GapMergesView.as_view(), name="api_gap_merges"),
    path("gaps/<int:gap_id>/splits/", GapSplitsView.as_view(), name="api_gap_splits"),
    path("drafts/", DraftsView.as_view(), name="api_drafts"),
    path("drafts/<int:draft_id>/", DraftView.as_view(), name="api_draft"),
    path("drafts/<int:draft_id>/reviews/", DraftReviewsView.as_view(), name="api_draft_reviews"),
]
