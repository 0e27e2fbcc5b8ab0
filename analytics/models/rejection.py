"""What was rejected of the events that an agent sent, and why: one row per merchant, day, field and reason."""

from django.db import models

from portal.models.scoped import MerchantScoped


class RejectedEvents(MerchantScoped):
    """Holds no customer's words: what the sender wrote is cut out of `error`."""

    day = models.DateField()  # UTC
    field = models.CharField(max_length=80, blank=True)
    error = models.CharField(max_length=300)
    n = models.PositiveBigIntegerField()
    last_event_id = models.CharField(max_length=64, blank=True)
    last_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "day", "field", "error"], name="rejected_once_per_day")
        ]
        verbose_name_plural = "rejected events"

    def __str__(self) -> str:
        return f"{self.day} {self.field}: {self.n}"
