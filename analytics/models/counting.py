"""With which settings a merchant's stored numbers were counted. Its row is also the lock of all writers of them."""

import zoneinfo
from datetime import timedelta

from django.db import models

from portal.models import Merchant
from portal.models.scoped import MerchantScopedQuerySet

# Raised when the rules of outcomes.py or measures.py change, so that every merchant is counted anew.
RULES_VERSION = 1


class Counting(models.Model):
    """A merchant's changed zone or idle time holds for the stored numbers only once all of them were counted anew."""

    merchant = models.OneToOneField(Merchant, on_delete=models.CASCADE, related_name="+", primary_key=True)
    timezone = models.CharField(max_length=64)
    chat_idle_hours = models.PositiveSmallIntegerField()
    email_idle_hours = models.PositiveSmallIntegerField()
    recontact_days = models.PositiveSmallIntegerField()
    rules_version = models.PositiveSmallIntegerField()
    counted_at = models.DateTimeField(null=True)
    # Most merchants mark nothing: their batches need not ask for decisions.
    has_spam_decisions = models.BooleanField(default=False)

    objects = MerchantScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.merchant} in {self.timezone}, rules {self.rules_version}"

    @classmethod
    def settings_of(cls, merchant: Merchant) -> dict[str, str | int]:
        return {
            "timezone": merchant.timezone,
            "chat_idle_hours": merchant.chat_idle_hours,
            "email_idle_hours": merchant.email_idle_hours,
            "recontact_days": merchant.recontact_days,
            "rules_version": RULES_VERSION,
        }

    @classmethod
    def lock(cls, merchant: Merchant) -> "Counting":
        """Waits for the other writers of this merchant's numbers; call it inside a transaction.

        One lock for all conversations of a merchant: its batches meet in the same rollup rows and customers anyway, a
        single lock cannot deadlock, and readers do not wait for it.
        """
        # Written by hand, because the ORM takes longer to write it than the database to run it, in every batch.
        locked = "SELECT * FROM analytics_counting WHERE merchant_id = %s FOR UPDATE"
        counting = next(iter(cls.objects.raw(locked, [merchant.pk])), None)
        if counting is None:
            cls.objects.get_or_create(merchant=merchant, defaults=cls.settings_of(merchant))
            return cls.lock(merchant)
        counting.merchant = merchant
        return counting

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.timezone)

    @property
    def recontact_window(self) -> timedelta:
        return timedelta(days=self.recontact_days)

    @property
    def is_outdated(self) -> bool:
        """The merchant's settings, or our rules, are no longer those of the stored numbers."""
        return any(getattr(self, name) != value for name, value in self.settings_of(self.merchant).items())

    def adopt_settings(self) -> None:
        for name, value in self.settings_of(self.merchant).items():
            setattr(self, name, value)
        self.save()
