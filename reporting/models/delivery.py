"""What became of each email."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Optional

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from portal.models import Merchant, User
from portal.models.scoped import MerchantScoped

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from reporting.models.anomaly import Anomaly
    from reporting.models.report import Report

RETRY_AFTER = (timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=8))
# A claim this old belongs to a worker that died; whether its email went out is not known.
CLAIM_LASTS = timedelta(minutes=15)


class DeliveryState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    SENDING = "sending", _("Sending")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")


class Delivery(MerchantScoped):
    """One email to one person, with a report or about an anomaly. Claimed by UPDATE before it is handed to the mail
    server, so it never goes out twice."""

    report = models.ForeignKey("reporting.Report", null=True, on_delete=models.CASCADE, related_name="deliveries")
    anomaly = models.ForeignKey("reporting.Anomaly", null=True, on_delete=models.CASCADE, related_name="deliveries")
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
        constraints = [
            models.UniqueConstraint(fields=["report", "recipient"], name="delivery_once"),
            models.UniqueConstraint(fields=["anomaly", "recipient"], name="anomaly_delivery_once"),
            models.CheckConstraint(
                condition=Q(report__isnull=False, anomaly__isnull=True) | Q(report__isnull=True, anomaly__isnull=False),
                name="delivery_of_one_thing",
            ),
        ]
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

    @classmethod
    def request(
        cls,
        merchant: Merchant,
        addresses: Sequence[str],
        *,
        by: User | None = None,
        report: Optional["Report"] = None,
        anomaly: Optional["Anomaly"] = None,
    ) -> list[int]:
        """Ids of the deliveries that are to go out now. Who already has this one gets no second; where it failed
        before, it is tried again."""
        rows = [
            cls(merchant=merchant, report=report, anomaly=anomaly, recipient=address, requested_by=by)
            for address in addresses
        ]
        cls.objects.bulk_create(rows, ignore_conflicts=True)
        deliveries = cls.objects.for_merchant(merchant).filter(report=report, anomaly=anomaly, recipient__in=addresses)
        deliveries.filter(state=DeliveryState.FAILED).update(
            state=DeliveryState.WAITING, attempts=0, next_attempt_at=None, error=""
        )
        waiting = deliveries.filter(state=DeliveryState.WAITING)
        return list(waiting.order_by("id").values_list("id", flat=True))

    @classmethod
    def due(cls, *, now: datetime) -> "QuerySet[Delivery]":
        waiting: QuerySet[Delivery] = cls.objects.filter(state=DeliveryState.WAITING)
        return waiting.filter(Q(next_attempt_at=None) | Q(next_attempt_at__lte=now))

    @classmethod
    def claim(cls, pk: int, *, now: datetime) -> "Delivery | None":
        """The delivery, if it was waiting and is now ours alone."""
        n = (
            cls.due(now=now)
            .filter(pk=pk)
            .update(state=DeliveryState.SENDING, attempts=F("attempts") + 1, claimed_at=now)
        )
        if n != 1:
            return None
        return cls.objects.select_related("report", "anomaly", "merchant").get(pk=pk)

    @classmethod
    def give_up_lost(cls, *, now: datetime) -> int:
        """Ends claims of workers that died. They are not tried again by themselves: the email may have gone out."""
        lost = cls.objects.filter(state=DeliveryState.SENDING, claimed_at__lt=now - CLAIM_LASTS)
        message = "The worker stopped while sending. Whether the email went out is not known."
        n: int = lost.update(state=DeliveryState.FAILED, error=message)
        return n

    def request_again(self, *, by: User | None) -> list[int]:
        if self.report is not None:
            return self.report.request_deliveries([self.recipient], by=by)
        return Delivery.request(self.merchant, [self.recipient], by=by, anomaly=self.anomaly)

    def mark_sent(self, *, at: datetime) -> None:
        self.state, self.sent_at, self.error, self.next_attempt_at = DeliveryState.SENT, at, "", None
        self.save(update_fields=["state", "sent_at", "error", "next_attempt_at"])

    def mark_refused(self, error: str, *, is_permanent: bool, at: datetime) -> None:
        """Failed for good, or waiting for its next attempt; the last attempt is always for good."""
        self.error = error[:300]
        if is_permanent or self.attempts > len(RETRY_AFTER):
            self.state, self.next_attempt_at = DeliveryState.FAILED, None
        else:
            self.state, self.next_attempt_at = DeliveryState.WAITING, at + RETRY_AFTER[self.attempts - 1]
        self.save(update_fields=["state", "error", "next_attempt_at"])
