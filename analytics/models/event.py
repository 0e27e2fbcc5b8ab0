"""What the agent told us, as it told us (redacted). Immutable; nothing has a foreign key to it."""

from django.db import models

from portal.models.merchant import Merchant
from portal.models.scoped import MerchantScopedQuerySet


class EventType(models.TextChoices):
    CONVERSATION_STARTED = "conversation.started"
    MESSAGE_RECEIVED = "message.received"
    MESSAGE_SENT = "message.sent"
    KNOWLEDGE_RETRIEVED = "knowledge.retrieved"
    CITATION_CLICKED = "citation.clicked"
    TEAMMATE_REPLIED = "teammate.replied"
    HANDOFF_REQUESTED = "handoff.requested"
    CONVERSATION_RESOLVED = "conversation.resolved"
    CONVERSATION_ABANDONED = "conversation.abandoned"
    CONVERSATION_REOPENED = "conversation.reopened"
    CONVERSATION_CLOSED = "conversation.closed"
    RATING_GIVEN = "rating.given"


class Event(models.Model):
    """The key holds `occurred_at` because a hypertable's unique index must hold its partition column."""

    pk = models.CompositePrimaryKey("merchant_id", "occurred_at", "id")
    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="+", db_index=False)
    occurred_at = models.DateTimeField()
    id = models.UUIDField()
    type = models.CharField(max_length=32, choices=EventType.choices)
    channel = models.CharField(max_length=10)
    # The agent's own conversation_id; one of these may hold several episodes.
    thread = models.CharField(max_length=128)
    data = models.JSONField(default=dict)
    received_at = models.DateTimeField()

    objects = MerchantScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["merchant", "thread", "occurred_at"], name="event_thread")]

    def __str__(self) -> str:
        return f"{self.type} {self.thread} {self.occurred_at:%Y-%m-%d %H:%M:%S}"
