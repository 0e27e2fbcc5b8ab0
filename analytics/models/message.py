from django.db import models
from django.utils.translation import gettext_lazy as _

from analytics.models.conversation import Conversation
from portal.models.merchant import Merchant
from portal.models.scoped import MerchantScoped


class Author(models.TextChoices):
    CUSTOMER = "customer", _("Customer")
    AGENT = "agent", _("Agent")
    TEAMMATE = "teammate", _("Teammate")


class Message(MerchantScoped):
    # No constraint: that its conversation has this merchant is what keeps it. Every index and check counts here, where
    # most rows of an event are written.
    merchant = models.ForeignKey(
        Merchant, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="messages", db_index=False)
    event_id = models.UUIDField()
    occurred_at = models.DateTimeField()
    author = models.CharField(max_length=10, choices=Author.choices)
    text = models.TextField()
    latency_ms = models.PositiveIntegerField(null=True)
    confidence = models.FloatField(null=True)
    sources = models.JSONField(default=list)  # [{"article_id": external id, "score": float}]
    trace_id = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["occurred_at", "id"]
        # Also the index by which a conversation's messages are read.
        constraints = [models.UniqueConstraint(fields=["conversation", "occurred_at", "event_id"], name="message_once")]

    def __str__(self) -> str:
        return f"{self.author}: {self.text[:60]}"
