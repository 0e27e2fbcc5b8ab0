"""Days that are over, added up once, so that a page reads days instead of hours and scores. sealing.py keeps them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from analytics.models.quality import Scorer
from analytics.models.rollup import CountedAmounts
from portal.models.merchant import Merchant
from portal.models.scoped import MerchantScoped

# What the hours of the week show.
BY_CLOCK = ("n_conversations", "n_resolved", "n_escalated", "n_abandoned")


class SealedDay(MerchantScoped):
    """While this row stands, its sums and those in the tables below are what the hours, scores and conversations of its
    local day add up to."""

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="+", db_index=False)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    # By the hour of the wall clock, 24 each; an hour that the clock ran through twice counts in one place.
    n_conversations = ArrayField(models.IntegerField(), default=list)
    n_resolved = ArrayField(models.IntegerField(), default=list)
    n_escalated = ArrayField(models.IntegerField(), default=list)
    n_abandoned = ArrayField(models.IntegerField(), default=list)
    handoffs = models.JSONField(default=dict)  # escalated conversations by reason

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "starts_at"], name="sealed_day_once")]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M}"


class DayRollup(CountedAmounts):
    """What the hours of a sealed day add up to."""

    starts_at = models.DateTimeField()
    language = models.CharField(max_length=16, blank=True)
    agent_version = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "starts_at", "channel", "language", "agent_version"], name="day_rollup_bucket"
            )
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d} {self.channel}"


class DayChannel(CountedAmounts):
    """The same by channel alone: few rows, for all that asks for neither language nor agent version."""

    starts_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "starts_at", "channel"], name="day_channel_bucket")]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d} {self.channel}"


class DayQuality(MerchantScoped):
    """What one scorer in one version found in the conversations of a sealed day that count in rates: for the overall
    score and each dimension the number of scores, their sum and the sum of their squares."""

    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="+", db_index=False)
    starts_at = models.DateTimeField()
    channel = models.CharField(max_length=10)
    agent_version = models.CharField(max_length=64, blank=True)
    scorer = models.CharField(max_length=8, choices=Scorer.choices)
    scorer_version = models.CharField(max_length=60)
    rubric_version = models.CharField(max_length=20)
    latest_at = models.DateTimeField()

    n_overall = models.IntegerField()
    sum_overall = models.FloatField()
    squares_overall = models.FloatField()
    n_helpfulness = models.IntegerField()
    sum_helpfulness = models.FloatField()
    squares_helpfulness = models.FloatField()
    n_accuracy = models.IntegerField()
    sum_accuracy = models.FloatField()
    squares_accuracy = models.FloatField()
    n_politeness = models.IntegerField()
    sum_politeness = models.FloatField()
    squares_politeness = models.FloatField()
    n_completeness = models.IntegerField()
    sum_completeness = models.FloatField()
    squares_completeness = models.FloatField()
    # How many overall scores fall into each tenth; 1.0 belongs to the last.
    n_tenth_0 = models.IntegerField()
    n_tenth_1 = models.IntegerField()
    n_tenth_2 = models.IntegerField()
    n_tenth_3 = models.IntegerField()
    n_tenth_4 = models.IntegerField()
    n_tenth_5 = models.IntegerField()
    n_tenth_6 = models.IntegerField()
    n_tenth_7 = models.IntegerField()
    n_tenth_8 = models.IntegerField()
    n_tenth_9 = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    *("merchant", "starts_at", "channel", "agent_version"),
                    *("scorer", "scorer_version", "rubric_version"),
                ],
                name="day_quality_bucket",
            )
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d} {self.scorer}"
