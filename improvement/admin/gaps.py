from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin

from improvement.errors import RefusedError
from improvement.models import Gap


@admin.register(Gap)
class GapAdmin(ModelAdmin):  # type: ignore[misc]
    """Support staff compare gaps across merchants. Numbers are computed, so only the name can be typed."""

    list_display = ("name", "merchant", "status", "priority", "n_questions", "impact", "money", "last_asked_at")
    list_filter = ("merchant", "status", "priority", "lack", "trend")
    actions = ("reopen_gaps",)
    list_select_related = ("merchant",)
    search_fields = ("name", "merchant__name")
    ordering = ("-impact_per_week",)
    fields = (
        *("merchant", "name", "keyphrases", "status", "status_reason", "dismissal", "recurrence", "priority"),
        *("lack", "lack_evidence", "merged_into", "n_questions", "weekly_counts", "trend"),
        *("questions_per_week", "verified_resolution_rate", "text_answerable_share", "impact_per_week"),
        *("money_per_week", "first_asked_at", "last_asked_at", "created_at", "updated_at"),
    )

    @admin.display(description=_("impact a week"), ordering="impact_per_week")
    def impact(self, gap: Gap) -> str:
        return f"{gap.impact_per_week:.1f}"

    @admin.display(description=_("worth a week"), ordering="money_per_week")
    def money(self, gap: Gap) -> str:
        return f"{gap.money_per_week} {gap.merchant.currency}"

    @admin.action(description=_("Put back on the list"), permissions=["change"])
    def reopen_gaps(self, request: HttpRequest, queryset: QuerySet[Gap]) -> None:
        """Says of each gap that was refused why; the others are open again."""
        n_done = 0
        for gap in queryset.select_related("merchant"):
            try:
                gap.reopen(by=request.user)  # type: ignore[arg-type]
            except RefusedError as error:
                messages.error(request, f"{gap.name}: {error.message}")
            else:
                n_done += 1
        if n_done:
            messages.success(
                request, ngettext("%(n)d gap is open again.", "%(n)d gaps are open again.", n_done) % {"n": n_done}
            )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return tuple(field for field in self.fields if field != "name")

    def save_model(self, request: HttpRequest, obj: Gap, form: Any, change: bool) -> None:
        name = obj.name
        obj.refresh_from_db()
        obj.rename(name, by=request.user)  # type: ignore[arg-type]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
