"""What support staff see of the numbers: proofs, rejections and decisions on spam, which they may take themselves."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin

from analytics.admin_labels import LabelAdmin, LabelTaskAdmin
from analytics.models import Conversation, Reconciliation, RejectedEvents, RubricVersion, SpamDecision
from analytics.spam import SpamError, decide_spam
from portal.read_only_admin import ReadOnly

__all__ = ["LabelAdmin", "LabelTaskAdmin"]


@admin.register(Conversation)
class ConversationAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]
    list_display = ("__str__", "merchant", "thread", "outcome", "exclusion", "started_at")
    list_filter = ("merchant", "exclusion", "outcome", "channel")
    list_select_related = ("merchant",)
    # Exact, by the index conversation_episode: a table of millions is not read through for a word.
    search_fields = ("thread__exact",)
    ordering = ("-id",)
    show_full_result_count = False
    actions = ("mark_spam", "mark_not_spam")

    @admin.action(description=_("Mark the chosen ones as spam"), permissions=["mark"])
    def mark_spam(self, request: HttpRequest, queryset: QuerySet[Conversation]) -> None:
        self._decide(request, queryset, is_spam=True)

    @admin.action(description=_("Say that the chosen ones are not spam"), permissions=["mark"])
    def mark_not_spam(self, request: HttpRequest, queryset: QuerySet[Conversation]) -> None:
        self._decide(request, queryset, is_spam=False)

    def has_mark_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("analytics.change_conversation")

    def _decide(self, request: HttpRequest, queryset: QuerySet[Conversation], *, is_spam: bool) -> None:
        n_changed = 0
        for conversation in queryset.select_related("merchant"):
            try:
                n_changed += decide_spam(conversation, is_spam=is_spam, by=request.user, now=timezone.now())  # type: ignore[arg-type]
            except SpamError as error:
                self.message_user(request, f"{conversation.thread}: {error.message}", messages.ERROR)
        told = ngettext("%(n)s conversation changed.", "%(n)s conversations changed.", n_changed) % {"n": n_changed}
        self.message_user(request, told, messages.SUCCESS)


@admin.register(SpamDecision)
class SpamDecisionAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]
    list_display = ("decided_at", "merchant", "thread", "is_spam", "decided_by", "api_key", "reason")
    list_filter = ("merchant", "is_spam")
    list_select_related = ("merchant", "decided_by", "api_key")
    search_fields = ("thread__exact",)


@admin.register(RubricVersion)
class RubricVersionAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]
    list_display = ("__str__", "merchant", "change_note", "who", "created_at", "carried_over_at")
    list_filter = ("merchant",)
    list_select_related = ("merchant", "created_by", "api_key")
    search_fields = ("change_note",)
    date_hierarchy = "created_at"


@admin.register(Reconciliation)
class ReconciliationAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]
    list_display = ("checked_at", "merchant", "is_clean", "n_buckets", "n_buckets_changed", "n_conversations_changed")
    list_filter = ("merchant",)
    list_select_related = ("merchant",)
    date_hierarchy = "checked_at"

    @admin.display(boolean=True, description=_("all equal"))
    def is_clean(self, reconciliation: Reconciliation) -> bool:
        return reconciliation.is_clean


@admin.register(RejectedEvents)
class RejectedEventsAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]
    list_display = ("day", "merchant", "field", "error", "n", "last_at", "last_event_id")
    list_filter = ("merchant", "field")
    list_select_related = ("merchant",)
    search_fields = ("field", "error")
    date_hierarchy = "day"
