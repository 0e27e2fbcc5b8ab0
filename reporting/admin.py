"""Reports, deliveries, subscriptions and cost inputs for support staff: read, and send again what failed."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin, TabularInline

from portal.models import CostInputs, User
from portal.read_only_admin import ReadOnly
from reporting.models import Anomaly, Delivery, DeliveryState, Report, Subscription


class DeliveryInline(ReadOnly, TabularInline):  # type: ignore[misc]
    model = Delivery
    fields = ("recipient", "state", "attempts", "error", "sent_at", "requested_by")
    extra = 0


@admin.register(Report)
class ReportAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]
    list_display = ("subject", "merchant", "start", "created_at", "announced_at")
    list_filter = ("merchant",)
    list_select_related = ("merchant",)
    search_fields = ("subject", "merchant__name")
    date_hierarchy = "start"
    fields = ("merchant", "subject", "start", "end", "created_at", "announced_at", "text")
    inlines = (DeliveryInline,)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]
    list_display = ("recipient", "merchant", "report", "anomaly", "state", "attempts", "sent_at", "error")
    list_filter = ("state", "merchant")
    list_select_related = ("merchant", "report", "anomaly")
    search_fields = ("recipient", "report__subject", "error")
    date_hierarchy = "created_at"
    actions = ("send_again",)

    @admin.action(description=_("Send the failed ones again"), permissions=["view"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """The scheduler takes them up within minutes."""
        by = request.user if isinstance(request.user, User) else None
        failed = queryset.filter(state=DeliveryState.FAILED).select_related("merchant", "anomaly", "report__merchant")
        n = sum(len(delivery.request_again(by=by)) for delivery in failed)
        text = ngettext("%(n)d email waits for its next attempt.", "%(n)d emails wait for their next attempt.", n)
        messages.success(request, text % {"n": n})


@admin.register(Subscription)
class SubscriptionAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]
    list_display = ("user", "merchant", "topic", "created_at", "unsubscribed_at")
    list_filter = ("topic", "merchant")
    list_select_related = ("user", "merchant")
    search_fields = ("user__email", "user__name", "merchant__name")


@admin.register(Anomaly)
class AnomalyAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]
    list_display = ("metric", "merchant", "started_at", "ended_at", "value", "expected", "announced_at")
    list_filter = ("metric", "merchant")
    list_select_related = ("merchant",)
    date_hierarchy = "started_at"


@admin.register(CostInputs)
class CostInputsAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]
    list_display = ("merchant", "minutes_per_conversation", "hourly_cost", "ai_cost_per_conversation", "updated_at")
    list_select_related = ("merchant",)
    search_fields = ("merchant__name",)
