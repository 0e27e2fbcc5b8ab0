from django.db import models
from django.utils.translation import gettext_lazy as _

from analytics.models.conversation import Conversation
from portal.models.scoped import MerchantScoped


class Author(models.TextChoices):
    CUSTOMER = "customer", _("Customer")
    AGENT = "agent", _("Agent")
    TEAMMATE = "teammate", _("Teammate")


class Message(MerchantScoped):
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="messages")
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
        constraints = [models.UniqueConstraint(fields=["merchant", "event_id", "occurred_at"], name="message_event")]
        indexes = [models.Index(fields=["conversation", "occurred_at"], name="message_conversation")]

    def __str__(self) -> str:
        return f"{self.author}: {self.text[:60]}"
