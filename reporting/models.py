"""The weekly report, who gets it, and what became of each email."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import models, transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from portal.models import AuditEntry, Merchant, User
from portal.models.scoped import MerchantScoped

if TYPE_CHECKING:
    from django.db.models import QuerySet

RETRY_AFTER = (timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=8))
# A claim this old belongs to a worker that died; whether its email went out is not known.
CLAIM_LASTS = timedelta(minutes=15)


class Subscription(MerchantScoped):
    """One member's wish to get the weekly report, or to get it no longer."""

    user = models.ForeignKey("portal.User", on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField()
    unsubscribed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "user"], name="subscription_once")]

    def __str__(self) -> str:
        return f"{self.user} · {self.merchant}"

    @classmethod
    def active(cls, merchant: Merchant) -> "QuerySet[Subscription]":
        """Of people who still are members and may sign in."""
        active: QuerySet[Subscription] = (
            cls.objects.for_merchant(merchant)
            .filter(unsubscribed_at=None, user__is_active=True, user__memberships__merchant=merchant)
            .select_related("user")
        )
        return active

    @classmethod
    def subscribe(cls, merchant: Merchant, user: User, *, at: datetime) -> None:
        cls._record(merchant, user, "report.subscribed", {"created_at": at, "unsubscribed_at": None})

    @classmethod
    def unsubscribe(cls, merchant: Merchant, user: User, *, at: datetime) -> None:
        """Recorded even for somebody who never subscribed: who was sent a report by a colleague may refuse more."""
        cls._record(merchant, user, "report.unsubscribed", {"unsubscribed_at": at}, {"created_at": at})

    @classmethod
    def _record(
        cls,
        merchant: Merchant,
        user: User,
        verb: str,
        values: dict[str, datetime | None],
        at_first: dict[str, datetime | None] | None = None,
    ) -> None:
        with transaction.atomic():
            row, _created = cls.objects.update_or_create(
                merchant=merchant, user=user, defaults=values, create_defaults={**values, **(at_first or {})}
            )
            AuditEntry.record(merchant, verb, by=user, on=row)


class Report(MerchantScoped):
    """One week of one merchant, as it was told; the digest is kept so that the page shows what was mailed."""

    start = models.DateTimeField()
    end = models.DateTimeField()
    subject = models.CharField(max_length=200)
    digest = models.JSONField()
    html = models.TextField()
    text = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    announced_at = models.DateTimeField(null=True)  # when the deliveries to the subscribers were made

    class Meta:
        ordering = ["-start"]
        constraints = [models.UniqueConstraint(fields=["merchant", "start", "end"], name="report_once_per_period")]

    def __str__(self) -> str:
        return self.subject

    @transaction.atomic
    def announce(self, *, subscribed_before: datetime, at: datetime) -> list[int]:
        """Makes the deliveries to the subscribers, once; later calls return nothing."""
        n = Report.objects.filter(pk=self.pk, announced_at=None).update(announced_at=at)
        if n != 1:
            return []
        subscriptions = Subscription.active(self.merchant).filter(created_at__lte=subscribed_before)
        return self.request_deliveries([subscription.user.email for subscription in subscriptions], by=None)

    @transaction.atomic
    def request_deliveries(self, recipients: Iterable[str], *, by: User | None) -> list[int]:
        """Ids of the deliveries that are to go out now. Who already has the report gets no second one;
        where it failed before, it is tried again."""
        addresses = sorted({address.lower() for address in recipients})
        rows = [
            Delivery(merchant_id=self.merchant_id, report=self, recipient=address, requested_by=by)
            for address in addresses
        ]
        Delivery.objects.bulk_create(rows, ignore_conflicts=True)
        deliveries = Delivery.objects.filter(report=self, recipient__in=addresses)
        deliveries.filter(state=DeliveryState.FAILED).update(
            state=DeliveryState.WAITING, attempts=0, next_attempt_at=None, error=""
        )
        ids = list(deliveries.filter(state=DeliveryState.WAITING).order_by("id").values_list("id", flat=True))
        if ids:
            AuditEntry.record(self.merchant, "report.sent", by=by, on=self, detail={"recipients": addresses})
        return ids


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
        return cls.objects.select_related("report", "merchant").get(pk=pk)

    @classmethod
    def give_up_lost(cls, *, now: datetime) -> int:
        """Ends claims of workers that died. They are not tried again by themselves: the email may have gone out."""
        lost = cls.objects.filter(state=DeliveryState.SENDING, claimed_at__lt=now - CLAIM_LASTS)
        message = "The worker stopped while sending. Whether the email went out is not known."
        n: int = lost.update(state=DeliveryState.FAILED, error=message)
        return n

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
