from django.urls import URLPattern, path

from improvement.views import drafts

urlpatterns: list[URLPattern] = [
    path("gaps/<int:gap_id>/drafts/", drafts.gap_drafts, name="gap_drafts"),
    path("drafts/", drafts.drafts, name="drafts"),
    path("drafts/<int:draft_id>/", drafts.draft, name="draft"),
    path("drafts/<int:draft_id>/reviews/", drafts.draft_reviews, name="draft_reviews"),
    path("drafts/<int:draft_id>/revisions/", drafts.draft_revisions, name="draft_revisions"),
    path("drafts/<int:draft_id>/publications/", drafts.draft_publications, name="draft_publications"),
    path("drafts/<int:draft_id>/withdrawals/", drafts.draft_withdrawals, name="draft_withdrawals"),
]
