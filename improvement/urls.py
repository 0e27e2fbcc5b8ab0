from django.urls import URLPattern, path

from improvement.views import article_editing, article_imports, articles, drafts, gaps

urlpatterns: list[URLPattern] = [
    path("gaps/", gaps.gaps, name="gaps"),
    path("gaps/refreshes/", gaps.gap_refreshes, name="gap_refreshes"),
    path("gaps/<int:gap_id>/", gaps.gap, name="gap"),
    path("gaps/<int:gap_id>/names/", gaps.gap_names, name="gap_names"),
    path("gaps/<int:gap_id>/dismissals/", gaps.gap_dismissals, name="gap_dismissals"),
    path("gaps/<int:gap_id>/reopenings/", gaps.gap_reopenings, name="gap_reopenings"),
    path("articles/", articles.articles, name="articles"),
    path("articles/new/", article_editing.article_new, name="article_new"),
    path("articles/<int:article_id>/", articles.article, name="article"),
    path("articles/<int:article_id>/versions/", article_editing.article_versions, name="article_versions"),
    path("articles/<int:article_id>/restorations/", article_editing.article_restorations, name="article_restorations"),
    path("articles/<int:article_id>/archivals/", article_editing.article_archivals, name="article_archivals"),
    path("articles/<int:article_id>/unarchivals/", article_editing.article_unarchivals, name="article_unarchivals"),
    path("articles/previews/", article_editing.article_previews, name="article_previews"),
    path("articles/pairs/", articles.article_pairs, name="article_pairs"),
    path("articles/pairs/<int:pair_id>/dismissals/", articles.article_pair_dismissals, name="article_pair_dismissals"),
    path("articles/imports/", article_imports.article_imports, name="article_imports"),
    path("articles/imports/<int:import_id>/", article_imports.article_import, name="article_import"),
    path(
        "articles/imports/<int:import_id>/applications/",
        article_imports.article_import_applications,
        name="article_import_applications",
    ),
    path(
        "articles/imports/<int:import_id>/discards/",
        article_imports.article_import_discards,
        name="article_import_discards",
    ),
    path("gaps/<int:gap_id>/drafts/", drafts.gap_drafts, name="gap_drafts"),
    path("drafts/", drafts.drafts, name="drafts"),
    path("drafts/<int:draft_id>/", drafts.draft, name="draft"),
    path("drafts/<int:draft_id>/reviews/", drafts.draft_reviews, name="draft_reviews"),
    path("drafts/<int:draft_id>/revisions/", drafts.draft_revisions, name="draft_revisions"),
    path("drafts/<int:draft_id>/publications/", drafts.draft_publications, name="draft_publications"),
    path("drafts/<int:draft_id>/withdrawals/", drafts.draft_withdrawals, name="draft_withdrawals"),
]
