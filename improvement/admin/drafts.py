"""Support staff find, compare, edit, approve or reject drafts of all merchants, by the same verbs as reviewers."""

from collections.abc import Callable
from functools import partial
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin
from unfold.decorators import action

from improvement.admin.inlines import ReviewInline, RevisionInline
from improvement.errors import RefusedError
from improvement.forms import RevisionForm
from improvement.models import Decision, Draft, DraftState
from portal.models import User

CHANGE_PAGE = "admin:improvement_draft_change"
LIST_PAGE = "admin:improvement_draft_changelist"


@admin.register(Draft)
class DraftAdmin(ModelAdmin):  # type: ignore[misc]
    list_display = ("title", "merchant", "gap", "state", "support", "requested_by", "created_at", "updated_at")
    list_filter = ("state", "merchant")
    list_filter_submit = True
    search_fields = ("gap__name", "revisions__title", "revisions__body", "merchant__name", "merchant__slug")
    list_select_related = ("merchant", "gap", "requested_by")
    date_hierarchy = "created_at"
    fields = ("merchant", "gap", "state", "state_reason", "article", "requested_by", "created_at", "updated_at")
    readonly_fields = fields
    inlines = (RevisionInline, ReviewInline)
    actions = ("approve_selected", "reject_selected")
    actions_detail = ("approve_draft", "reject_draft", "edit_draft")

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Draft]":
        drafts: QuerySet[Draft] = super().get_queryset(request).prefetch_related("revisions")
        return drafts

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """No field is typed over; what changes a draft are the actions."""
        return False

    def has_review_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("improvement.change_draft")

    @admin.display(description=_("title"))
    def title(self, draft: Draft) -> str:
        revisions = list(draft.revisions.all())
        return revisions[0].title if revisions else draft.gap.name

    @admin.display(description=_("supported"))
    def support(self, draft: Draft) -> str:
        revisions = list(draft.revisions.all())
        if not revisions:
            return "–"
        n_claims = len(revisions[0].grounding)
        return f"{n_claims - revisions[0].n_unsupported}/{n_claims}"

    @action(description=_("Approve and publish selected drafts"), permissions=["review"])  # type: ignore[untyped-decorator]
    def approve_selected(self, request: HttpRequest, queryset: "QuerySet[Draft]") -> HttpResponse | None:
        return self._decide(request, list(queryset), Decision.APPROVED, back=reverse(LIST_PAGE))

    @action(description=_("Reject selected drafts"), permissions=["review"])  # type: ignore[untyped-decorator]
    def reject_selected(self, request: HttpRequest, queryset: "QuerySet[Draft]") -> HttpResponse | None:
        return self._decide(request, list(queryset), Decision.REJECTED, back=reverse(LIST_PAGE))

    @action(description=_("Approve and publish"), url_path="approve", permissions=["review"], icon="check")  # type: ignore[untyped-decorator]
    def approve_draft(self, request: HttpRequest, object_id: str) -> HttpResponse:
        draft = self._get(request, object_id)
        return self._decide(request, [draft], Decision.APPROVED, back=reverse(CHANGE_PAGE, args=[draft.pk]))

    @action(description=_("Reject"), url_path="reject", permissions=["review"], icon="close")  # type: ignore[untyped-decorator]
    def reject_draft(self, request: HttpRequest, object_id: str) -> HttpResponse:
        draft = self._get(request, object_id)
        return self._decide(request, [draft], Decision.REJECTED, back=reverse(CHANGE_PAGE, args=[draft.pk]))

    @action(description=_("Edit"), url_path="edit", permissions=["review"], icon="edit")  # type: ignore[untyped-decorator]
    def edit_draft(self, request: HttpRequest, object_id: str) -> HttpResponse:
        draft = self._get(request, object_id)
        latest = draft.latest_revision
        initial = {"title": latest.title, "body": latest.body} if latest else {"title": draft.gap.name}
        form = RevisionForm(request.POST or None, initial=initial)
        back = reverse(CHANGE_PAGE, args=[draft.pk])
        if request.method == "POST" and form.is_valid():
            edit = form.cleaned_data
            if self._try(
                request, partial(draft.edit, by=cast(User, request.user), title=edit["title"], body=edit["body"])
            ):
                messages.success(request, _("Saved as a new revision. It waits for a decision."))
                return HttpResponseRedirect(back)
        context = {"form": form, "back": back, "title": _("Edit “%(title)s”") % {"title": self.title(draft)}}
        return self._render(request, "improvement/admin/edit.html", context)

    def _get(self, request: HttpRequest, object_id: str) -> Draft:
        draft: Draft | None = self.get_object(request, object_id)
        if draft is None:
            raise Http404
        return draft

    def _decide(self, request: HttpRequest, drafts: list[Draft], decision: Decision, *, back: str) -> HttpResponse:
        """First asks, and names the revision of each; then decides on exactly those."""
        waiting = [draft for draft in drafts if draft.state == DraftState.IN_REVIEW]
        comment = request.POST.get("comment", "").strip()
        is_confirmed = request.method == "POST" and "confirmed" in request.POST
        needs_reason = is_confirmed and decision == Decision.REJECTED and not comment
        if waiting and (not is_confirmed or needs_reason):
            context = {
                "title": _("Approve and publish") if decision == Decision.APPROVED else _("Reject"),
                "drafts": [(draft, draft.latest_revision) for draft in waiting],
                "n_skipped": len(drafts) - len(waiting),
                "is_rejection": decision == Decision.REJECTED,
                "needs_reason": needs_reason,
                "action_name": request.POST.get("action", ""),
                "checkbox_name": ACTION_CHECKBOX_NAME,
                "back": back,
            }
            return self._render(request, "improvement/admin/decide.html", context)
        n_decided = 0
        for draft in waiting:
            verb = draft.approve if decision == Decision.APPROVED else draft.reject
            revision = int(request.POST.get(f"revision-{draft.pk}", 0))
            n_decided += self._try(
                request, partial(verb, by=cast(User, request.user), revision=revision, comment=comment)
            )
        if n_decided:
            text = ngettext("%(n)d draft was decided.", "%(n)d drafts were decided.", n_decided) % {"n": n_decided}
            messages.success(request, text)
        elif not waiting:
            messages.warning(request, _("Nothing was decided: only drafts in review can be."))
        return HttpResponseRedirect(back)

    def _try(self, request: HttpRequest, verb: Callable[[], object]) -> bool:
        try:
            verb()
        except RefusedError as error:
            messages.error(request, error.message)
            return False
        return True

    def _render(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        if not self.has_review_permission(request):
            raise PermissionDenied
        page = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        return TemplateResponse(request, template, page)
