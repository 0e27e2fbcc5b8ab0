from django.urls import URLPattern, path

from improvement.api.drafts import DraftReviewsView, DraftsView, DraftView

urlpatterns: list[URLPattern] = [
    path("drafts/", DraftsView.as_view(), name="api_drafts"),
    path("drafts/<int:draft_id>/", DraftView.as_view(), name="api_draft"),
    path("drafts/<int:draft_id>/reviews/", DraftReviewsView.as_view(), name="api_draft_reviews"),
]
