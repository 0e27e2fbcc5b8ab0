"""What the reports are made from, who gets them, and what became of each."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.models.merchant import Merchant
from portal.models.scoped import MerchantScoped


class RoiInputs(models.Model):
    """The typed inputs of the ROI formula; where one is null its default from `roi.py` holds."""

    merchant = models.OneToOneField(Merchant, on_delete=models.CASCADE, related_name="+", primary_key=True)
    minutes_per_conversation = models.DecimalField(max_digits=7, decimal_places=2, null=True, blank=True)
    hourly_cost = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    ai_cost_per_conversation = models.DecimalField(max_digits=10, decimal_places=4, null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)
    updated_by = models.ForeignKey("portal.User", null=True, on_delete=models.SET_NULL, related_name="+")

    def __str__(self) -> str:
        return f"ROI inputs of {self.merchant}"


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
    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="deliveries")
    recipient = models.EmailField()
    state = models.CharField(max_length=8, choices=DeliveryState.choices, default=DeliveryState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    message_id = models.CharField(max_length=200, blank=True)
    sent_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [models.UniqueConstraint(fields=["report", "recipient"], name="delivery_once")]
        verbose_name_plural = "deliveries"

    def __str__(self) -> str:
        return f"{self.recipient} {self.state}"
