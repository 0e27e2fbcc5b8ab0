"""Who gets which emails without asking for each."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from portal.models import AuditEntry, Merchant, Role, User
from portal.models.scoped import MerchantScoped

if TYPE_CHECKING:
    from django.db.models import QuerySet


class Topic(models.TextChoices):
    REPORT = "report", _("Weekly report")
    ANOMALIES = "anomalies", _("Unusual hours")


# Who may have the emails of a topic: members of at least this role.
LEAST_ROLE = {Topic.REPORT: Role.VIEWER, Topic.ANOMALIES: Role.OWNER}


class Subscription(MerchantScoped):
    """One member's wish to get the emails of a topic, or to get them no longer."""

    user = models.ForeignKey("portal.User", on_delete=models.CASCADE, related_name="+")
    topic = models.CharField(max_length=10, choices=Topic.choices, default=Topic.REPORT)
    created_at = models.DateTimeField()
    unsubscribed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "user", "topic"], name="subscription_once")]

    def __str__(self) -> str:
        return f"{self.user} · {self.merchant} · {self.get_topic_display()}"

    @classmethod
    def active(cls, merchant: Merchant, topic: Topic = Topic.REPORT) -> "QuerySet[Subscription]":
        """Of people who still are members, in a role that may have these emails, and may sign in."""
        active: QuerySet[Subscription] = (
            cls.objects.for_merchant(merchant)
            .filter(topic=topic, unsubscribed_at=None, user__is_active=True)
            .filter(user__memberships__merchant=merchant, user__memberships__role__gte=LEAST_ROLE[topic])
            .select_related("user")
        )
        return active

    @classmethod
    def subscribe(cls, merchant: Merchant, user: User, *, at: datetime, topic: Topic = Topic.REPORT) -> None:
        values = {"created_at": at, "unsubscribed_at": None}
        cls._record(merchant, user, topic, "subscribed", values)

    @classmethod
    def unsubscribe(cls, merchant: Merchant, user: User, *, at: datetime, topic: Topic = Topic.REPORT) -> None:
        """Recorded even for somebody who never subscribed: who was sent a report by a colleague may refuse more."""
        cls._record(merchant, user, topic, "unsubscribed", {"unsubscribed_at": at}, {"created_at": at})

    @classmethod
    def _record(
        cls,
        merchant: Merchant,
        user: User,
        topic: Topic,
        what: str,
        values: dict[str, datetime | None],
        at_first: dict[str, datetime | None] | None = None,
    ) -> None:
        with transaction.atomic():
            row, _created = cls.objects.update_or_create(
                merchant=merchant,
                user=user,
                topic=topic,
                defaults=values,
                create_defaults={**values, **(at_first or {})},
            )
            AuditEntry.record(merchant, f"{topic}.{what}", by=user, on=row)
