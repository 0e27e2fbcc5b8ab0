"""Additive counts of one hour of the merchant's zone. Rates and percentiles are derived at read."""

from django.db import models

from portal.models.scoped import MerchantScoped


class Rollup(MerchantScoped):
    hour = models.DateTimeField()  # the instant at which the merchant's local hour began
    channel = models.CharField(max_length=10)
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
