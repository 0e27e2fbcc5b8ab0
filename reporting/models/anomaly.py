"""Hours in which a merchant's volume or a rate lay outside what the same hours of past weeks make likely."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.models.scoped import MerchantScoped

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from portal.models import Merchant


class Among(models.TextChoices):
    """Which conversations were looked at. Emails end later than chats, so their rates are known later."""

    ALL = "", _("All channels")
    CHATS = "chats", _("Chats")
    EMAILS = "emails", _("Emails")


class Anomaly(MerchantScoped):
    """One incident; while it goes on, its end moves. `value` and its band are those of its strongest hours."""

    metric = models.CharField(max_length=40)  # a key of analytics.metrics.METRICS
    among = models.CharField(max_length=6, choices=Among.choices, blank=True)
    is_above = models.BooleanField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()  # the end of its last hour
    value = models.FloatField()
    expected = models.FloatField()
    low = models.FloatField()
    high = models.FloatField()
    z = models.FloatField()
    worst_from = models.DateTimeField()
    worst_to = models.DateTimeField()
    found_at = models.DateTimeField()
    announced_at = models.DateTimeField(null=True)  # when the emails were asked for; null: it was told with another

    class Meta:
        ordering = ["-started_at", "id"]
        indexes = [models.Index(fields=["merchant", "-started_at"], name="anomaly_latest")]
        verbose_name_plural = "anomalies"

    def __str__(self) -> str:
        return f"{self.metric} {self.value:g} instead of {self.expected:g} at {self.started_at:%Y-%m-%d %H:%M}"

    @classmethod
    def near(cls, merchant: "Merchant", start: datetime, end: datetime, *, within: timedelta) -> "QuerySet[Anomaly]":
        """Those that overlap these hours, or lie so close to them that they are the same incident."""
        found: QuerySet[Anomaly] = cls.objects.for_merchant(merchant)
        return found.filter(started_at__lte=end + within, ended_at__gte=start - within)
