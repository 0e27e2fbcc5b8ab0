"""An episode: from a customer's first message until it is closed or idle. `metrics.md` calls it a conversation."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from analytics.models.archive import ArchivedPeriod
from portal.models.merchant import Merchant
from portal.models.scoped import MerchantScoped


class Channel(models.TextChoices):
    WIDGET = "widget", _("Widget")
    EMAIL = "email", _("Email")
    WHATSAPP = "whatsapp", _("WhatsApp")
    SMS = "sms", _("SMS")
    VOICE = "voice", _("Voice")
    API = "api", _("API")


class Outcome(models.TextChoices):
    OPEN = "open", _("Open")
    RESOLVED = "resolved", _("Resolved")
    ESCALATED = "escalated", _("Escalated")
    ABANDONED = "abandoned", _("Abandoned")
    NOT_INVOLVED = "not_involved", _("Agent not involved")


class HandoffReason(models.TextChoices):
    CUSTOMER_REQUEST = "customer_request", _("Customer asked for a person")
    MISSING_KNOWLEDGE = "missing_knowledge", _("Missing knowledge")
    UNSUPPORTED_REQUEST = "unsupported_request", _("Unsupported request")
    POLICY_RESTRICTION = "policy_restriction", _("Policy restriction")
    TOOL_FAILURE = "tool_failure", _("Tool failure")
    NEEDS_CLARIFICATION = "needs_clarification", _("Needs clarification")
    USAGE_LIMIT = "usage_limit", _("Usage limit")


class Exclusion(models.TextChoices):
    """Why a conversation is in no rate. Counted apart."""

    NONE = "", _("Counted")
    TEST = "test", _("Test traffic")
    SPAM = "spam", _("Spam")
    NO_REQUEST = "no_request", _("No real request")


class Conversation(MerchantScoped):
    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="+", db_index=False)  # first in four
    thread = models.CharField(max_length=128)  # the agent's conversation_id
    episode = models.PositiveSmallIntegerField(default=1)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    language = models.CharField(max_length=16, blank=True)
    agent_version = models.CharField(max_length=64, blank=True)
    customer_id = models.CharField(max_length=128, blank=True)
    started_at = models.DateTimeField()  # the customer's first message
    last_event_at = models.DateTimeField()  # the last message or handoff: the idle clock starts here
    ended_at = models.DateTimeField(null=True)

    outcome = models.CharField(max_length=12, choices=Outcome.choices, default=Outcome.OPEN)
    is_confirmed = models.BooleanField(default=False)
    exclusion = models.CharField(max_length=10, choices=Exclusion.choices, blank=True, default="")
    handoff_reason = models.CharField(max_length=24, choices=HandoffReason.choices, blank=True)
    rating = models.PositiveSmallIntegerField(null=True)
    recontacted_at = models.DateTimeField(null=True)
    is_disputed = models.BooleanField(default=False)

    question = models.TextField(blank=True)  # the customer's first message with a request
    n_customer_messages = models.PositiveIntegerField(default=0)
    n_agent_messages = models.PositiveIntegerField(default=0)
    n_teammate_messages = models.PositiveIntegerField(default=0)
    response_ms = ArrayField(models.PositiveBigIntegerField(), default=list)  # one per answer of the agent
    first_response_ms = models.PositiveBigIntegerField(null=True)
    resolution_ms = models.PositiveBigIntegerField(null=True)
    input_tokens = models.PositiveBigIntegerField(default=0)
    output_tokens = models.PositiveBigIntegerField(default=0)
    agent_cost = models.DecimalField(max_digits=14, decimal_places=6, null=True)  # null: the events carried none
    updated_at = models.DateTimeField()
    # Its events have left for this file, so no recount changes it. No index: every batch would pay for it.
    archived_in = models.ForeignKey(
        ArchivedPeriod, null=True, on_delete=models.RESTRICT, related_name="+", db_index=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "thread", "episode"],
                name="conversation_episode",
                # A late event may renumber the episodes of a thread within one statement.
                deferrable=models.Deferrable.DEFERRED,
            )
        ]
        indexes = [
            models.Index(fields=["merchant", "-started_at", "-id"], name="conversation_list"),
            models.Index(fields=["merchant", "updated_at", "id"], name="conversation_updated"),
            models.Index(fields=["merchant", "customer_id", "started_at"], name="conversation_customer"),
            models.Index(
                fields=["merchant", "last_event_at"],
                name="conversation_open",
                condition=models.Q(outcome=Outcome.OPEN),
            ),
        ]

    def __str__(self) -> str:
        return self.question[:80] or self.thread
