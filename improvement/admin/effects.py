from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from improvement.models import Effect


@admin.register(Effect)
class EffectAdmin(ModelAdmin):  # type: ignore[misc]
    """What articles changed. Measured, so nobody types it."""

    list_display = ("version", "merchant", "verdict", "percent_points", "n_before", "n_after", "measured_at")
    list_filter = ("merchant", "verdict")
    list_select_related = ("version", "merchant", "gap")
    search_fields = ("version__title", "gap__name", "merchant__name")

    @admin.display(description=_("change (points)"), ordering="change")
    def percent_points(self, effect: Effect) -> str:
        if effect.change is None or effect.change_low is None or effect.change_high is None:
            return "–"
        return f"{effect.change * 100:+.1f} ({effect.change_low * 100:+.1f} … {effect.change_high * 100:+.1f})"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
