"""Additive counts by hour of the merchant's zone. Rates and percentiles are derived at read (totals.py)."""

from django.db import models

from portal.models.merchant import Merchant
from portal.models.scoped import MerchantScoped


class CountedAmounts(MerchantScoped):
    """The columns that measures.py fills. By channel at least, because channels become mature at different ages."""

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="+", db_index=False)
    channel = models.CharField(max_length=10)

    n_conversations = models.IntegerField(default=0)
    n_open = models.IntegerField(default=0)
    n_resolved = models.IntegerField(default=0)
    n_confirmed = models.IntegerField(default=0)
    n_escalated = models.IntegerField(default=0)
    n_abandoned = models.IntegerField(default=0)
    n_not_involved = models.IntegerField(default=0)
    n_involved = models.IntegerField(default=0)
    # Resolved, but the customer came back, disputed it, or either.
    n_recontacted = models.IntegerField(default=0)
    n_disputed = models.IntegerField(default=0)
    n_refuted = models.IntegerField(default=0)
    n_test = models.IntegerField(default=0)
    n_spam = models.IntegerField(default=0)
    n_no_request = models.IntegerField(default=0)
    n_customer_messages = models.IntegerField(default=0)
    n_agent_messages = models.IntegerField(default=0)
    n_teammate_messages = models.IntegerField(default=0)
    n_ratings = models.IntegerField(default=0)
    n_positive_ratings = models.IntegerField(default=0)
    n_human_ratings = models.IntegerField(default=0)
    n_human_positive_ratings = models.IntegerField(default=0)
    rating_sum = models.IntegerField(default=0)
    input_tokens = models.BigIntegerField(default=0)
    output_tokens = models.BigIntegerField(default=0)
    agent_cost_micros = models.BigIntegerField(default=0)
    n_with_cost = models.IntegerField(default=0)
    response_sum_ms = models.BigIntegerField(default=0)
    first_response_sum_ms = models.BigIntegerField(default=0)
    resolution_sum_ms = models.BigIntegerField(default=0)
    # Packed (bin, count) pairs, see analytics/histogram.py.
    response_bins = models.BinaryField(default=bytes)
    first_response_bins = models.BinaryField(default=bytes)
    resolution_bins = models.BinaryField(default=bytes)

    class Meta:
        abstract = True


class Rollup(CountedAmounts):
    """A conversation counts in the hour in which it started. What is excluded counts in its own column only."""

    hour = models.DateTimeField()  # the instant at which the merchant's local hour began
    language = models.CharField(max_length=16, blank=True)
    agent_version = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "hour", "channel", "language", "agent_version"], name="rollup_bucket"
            )
        ]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H:%M} {self.channel}"


class Reconciliation(MerchantScoped):
    """One comparison of all rollups with a recount from events, and what differed. Differences are repaired."""

    checked_at = models.DateTimeField()
    n_buckets = models.PositiveIntegerField()
    n_conversations_changed = models.PositiveIntegerField()
    n_buckets_changed = models.PositiveIntegerField()
    # The first differing buckets: [{"bucket": [...], "stored": {...}, "recounted": {...}}]
    differences = models.JSONField(default=list)

    class Meta:
        ordering = ["-checked_at"]
        indexes = [models.Index(fields=["merchant", "-checked_at"], name="reconciliation_latest")]

    def __str__(self) -> str:
        return f"{self.checked_at:%Y-%m-%d %H:%M}: {self.n_buckets_changed} of {self.n_buckets} differed"

    @property
    def is_clean(self) -> bool:
        return not self.n_buckets_changed and not self.n_conversations_changed
