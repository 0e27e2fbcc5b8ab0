from django.urls import URLPattern, path

from improvement.api.articles import ArticleSearchView, ArticlesView, ArticleView
from improvement.api.drafts import DraftReviewsView, DraftsView, DraftView
from improvement.api.gaps import GapsView, GapView

urlpatterns: list[URLPattern] = [
    path("articles/", ArticlesView.as_view(), name="api_articles"),
    path("articles/<str:external_id>/", ArticleView.as_view(), name="api_article"),
    path("article-search/", ArticleSearchView.as_view(), name="api_article_search"),
    path("gaps/", GapsView.as_view(), name="api_gaps"),
    path("gaps/<int:gap_id>/", GapView.as_view(), name="api_gap"),
    path("drafts/", DraftsView.as_view(), name="api_drafts"),
    path("drafts/<int:draft_id>/", DraftView.as_view(), name="api_draft"),
    path("drafts/<int:draft_id>/reviews/", DraftReviewsView.as_view(), name="api_draft_reviews"),
]
