"""Revisions and reviews are records: shown, never changed here."""

from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from improvement.comparing import compare
from improvement.models import DraftRevision, Review


class RecordInline(TabularInline):  # type: ignore[misc]
    extra = 0
    max_num = 0
    can_delete = False
    show_change_link = False
    tab = True

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who may see a draft may see its records."""
        return request.user.has_perm("improvement.view_draft")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class RevisionInline(RecordInline):
    model = DraftRevision
    fields = ("number", "title", "text", "changes", "writer", "author", "support", "created_at")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("author", "draft")

    def text(self, revision: DraftRevision) -> SafeString:
        return render_to_string("improvement/admin/text.html", {"text": revision.body})

    def changes(self, revision: DraftRevision) -> SafeString | str:
        before = revision.draft.revisions.filter(number=revision.number - 1).first()
        if before is None:
            return "–"
        return render_to_string("improvement/admin/changes.html", {"parts": compare(before.body, revision.body)})

    def support(self, revision: DraftRevision) -> str:
        n_claims = len(revision.grounding)
        return _("%(k)d of %(n)d sentences") % {"k": n_claims - revision.n_unsupported, "n": n_claims}


class ReviewInline(RecordInline):
    model = Review
    fields = ("decision", "revision", "reviewer_name", "comment", "created_at", "published_at")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("revision", "reviewer", "api_key")
