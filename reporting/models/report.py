"""The weekly report: one week of one merchant, as it was told."""

from collections.abc import Iterable
from datetime import datetime

from django.db import models, transaction

from portal.models import AuditEntry, User
from portal.models.scoped import MerchantScoped
from reporting.models.delivery import Delivery
from reporting.models.subscription import Subscription


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
        ids = Delivery.request(self.merchant, addresses, by=by, report=self)
        if ids:
            AuditEntry.record(self.merchant, "report.sent", by=by, on=self, detail={"recipients": addresses})
        return ids
