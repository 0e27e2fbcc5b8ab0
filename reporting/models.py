"""What the reports are made from, who gets them, and what became of each."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.models.scoped import MerchantScoped


class Subscription(MerchantScoped):
    """One member's wish to get the weekly report."""

    user = models.ForeignKey("portal.User", on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    unsubscribed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "user"], name="subscription_once")]

    def __str__(self) -> str:
        return f"{self.user} · {self.merchant}"


class Report(MerchantScoped):
    """One week of one merchant, as it was told; the digest is kept so that the page shows what was mailed."""

    start = models.DateTimeField()
    end = models.DateTimeField()
    subject = models.CharField(max_length=200)
    digest = models.JSONField()
    html = models.TextField()
    text = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-start"]
        constraints = [models.UniqueConstraint(fields=["merchant", "start", "end"], name="report_once_per_period")]

    def __str__(self) -> str:
        return self.subject


class DeliveryState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    SENDING = "sending", _("Sending")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")


class Delivery(MerchantScoped):
    """One email to one person: claimed by UPDATE before it is handed to the mail server, so it never goes out twice."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="deliveries")
    recipient = models.EmailField()
    state = models.CharField(max_length=8, choices=DeliveryState.choices, default=DeliveryState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)  # null: at once
    claimed_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)
    message_id = models.CharField(max_length=200, blank=True)
    requested_by = models.ForeignKey("portal.User", null=True, on_delete=models.SET_NULL, related_name="+")
    sent_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [models.UniqueConstraint(fields=["report", "recipient"], name="delivery_once")]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="delivery_due",
                condition=models.Q(state__in=[DeliveryState.WAITING, DeliveryState.SENDING]),
            )
        ]
        verbose_name_plural = "deliveries"

    def __str__(self) -> str:
        return f"{self.recipient} {self.state}"
