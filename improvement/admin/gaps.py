from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from improvement.models import Gap


@admin.register(Gap)
class GapAdmin(ModelAdmin):  # type: ignore[misc]
    """Support staff compare gaps across merchants. Numbers are computed, so only the name can be typed."""

    list_display = ("name", "merchant", "status", "priority", "n_questions", "impact", "money", "last_asked_at")
    list_filter = ("merchant", "status", "priority")
    list_select_related = ("merchant",)
    search_fields = ("name", "merchant__name")
    ordering = ("-impact_per_week",)
    fields = (
        *("merchant", "name", "keyphrases", "status", "status_reason", "dismissal", "priority", "n_questions"),
        *("questions_per_week", "verified_resolution_rate", "text_answerable_share", "impact_per_week"),
        *("money_per_week", "first_asked_at", "last_asked_at", "created_at", "updated_at"),
    )

    @admin.display(description=_("impact a week"), ordering="impact_per_week")
    def impact(self, gap: Gap) -> str:
        return f"{gap.impact_per_week:.1f}"

    @admin.display(description=_("worth a week"), ordering="money_per_week")
    def money(self, gap: Gap) -> str:
        return f"{gap.money_per_week} {gap.merchant.currency}"

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
