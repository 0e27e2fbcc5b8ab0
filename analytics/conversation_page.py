"""What one conversation's page tells: its messages with the events between them, and the customer's other contacts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from analytics.models import Conversation, Counting, EventType, HandoffReason, Message
from analytics.outcomes import AUTHORS, ThreadEvent, read_episodes
from analytics.threads import rules_of, stored_events
from portal.models import Merchant

N_NEIGHBOURS = 10
LABELS: dict[str, str | Promise] = {
    EventType.CONVERSATION_STARTED: _("Conversation started"),
    EventType.KNOWLEDGE_RETRIEVED: _("Agent searched the knowledge base"),
    EventType.CITATION_CLICKED: _("Customer opened a source"),
    EventType.HANDOFF_REQUESTED: _("Handed off to a teammate"),
    EventType.CONVERSATION_RESOLVED: _("Resolved, as the agent took it"),
    EventType.CONVERSATION_ABANDONED: _("Customer left"),
    EventType.CONVERSATION_REOPENED: _("Reopened"),
    EventType.CONVERSATION_CLOSED: _("Closed"),
    EventType.RATING_GIVEN: _("Customer rated the conversation"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the story: a message, or an event with what it said."""

    occurred_at: datetime
    message: Message | None = None
    label: str | Promise = ""
    detail: str | Promise = ""
    articles: Sequence[dict[str, Any]] = ()


def read_story(merchant: Merchant, conversation: Conversation) -> list[Step]:
    """Messages and events in order; where the events are past their retention, the messages alone."""
    steps = [Step(message.occurred_at, message=message) for message in conversation.messages.all()]
    steps += [_step(event) for event in _events_of(merchant, conversation) if event.type not in AUTHORS]
    return sorted(steps, key=lambda step: step.occurred_at)


def _events_of(merchant: Merchant, conversation: Conversation) -> list[ThreadEvent]:
    events = stored_events(merchant, [conversation.thread]).get(conversation.thread, [])
    counting = Counting.objects.get(merchant=merchant)
    for facts, its_events in read_episodes(events, rules_of(counting), now=conversation.last_event_at):
        if facts.started_at == conversation.started_at:
            return its_events
    return []


def _step(event: ThreadEvent) -> Step:
    told = event.data
    label, articles = LABELS[event.type], told.get("results", [])
    detail: str | Promise = ""
    if event.type == EventType.CONVERSATION_RESOLVED and told.get("confirmed"):
        label = _("Resolved, as the customer confirmed")
    elif event.type == EventType.HANDOFF_REQUESTED:
        detail = HandoffReason(told["reason"]).label
    elif event.type == EventType.KNOWLEDGE_RETRIEVED:
        detail = told["query"] if articles else _("Nothing was found.")
    elif event.type == EventType.CITATION_CLICKED:
        articles = [told]
    elif event.type == EventType.RATING_GIVEN:
        comment = told.get("comment", "")
        detail = f"{told['score']}/5 · {comment}" if comment else f"{told['score']}/5"
    return Step(event.occurred_at, label=label, detail=detail, articles=articles)


def neighbours(merchant: Merchant, conversation: Conversation) -> QuerySet[Conversation]:
    """The same customer's other conversations, the newest first."""
    found: QuerySet[Conversation] = Conversation.objects.for_merchant(merchant).exclude(pk=conversation.pk)
    found = (
        found.filter(customer_id=conversation.customer_id)
        if conversation.customer_id
        else found.filter(thread=conversation.thread)
    )
    return found.order_by("-started_at")[:N_NEIGHBOURS]
