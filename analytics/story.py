"""A conversation as it went: its messages with the events between them, and the articles that they name."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from analytics.models import EventType, HandoffReason, Message
from analytics.outcomes import AUTHORS, ThreadEvent
from analytics.sources import Source, find_sources
from portal.models import Merchant

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
class Cited:
    """An article as the agent named it, with its page where the knowledge base knows it."""

    article_id: str
    score: float | None
    source: Source | None


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the story: a message, or an event with what it said."""

    occurred_at: datetime
    message: Message | None = None
    label: str | Promise = ""
    detail: str | Promise = ""
    cited: Sequence[Cited] = ()


def tell_story(merchant: Merchant, messages: Iterable[Message], events: Sequence[ThreadEvent]) -> list[Step]:
    """In order; where the events are past their retention, the messages alone."""
    told: list[tuple[datetime, Message | None, ThreadEvent | None, list[dict[str, Any]]]]
    told = [(message.occurred_at, message, None, message.sources) for message in messages]
    told += [(e.occurred_at, None, e, _articles_of(e)) for e in events if e.type not in AUTHORS]
    told.sort(key=lambda one: one[0])
    sources = find_sources(merchant, {str(cited["article_id"]) for *_, articles in told for cited in articles})
    steps = []
    for occurred_at, message, event, articles in told:
        cited = [Cited(a["article_id"], a.get("score"), sources.get(str(a["article_id"]))) for a in articles]
        label, detail = _words(event) if event else ("", "")
        steps.append(Step(occurred_at, message, label, detail, cited))
    return steps


def _articles_of(event: ThreadEvent) -> list[dict[str, Any]]:
    if event.type == EventType.CITATION_CLICKED:
        return [event.data]
    found: list[dict[str, Any]] = event.data.get("results", [])
    return found


def _words(event: ThreadEvent) -> tuple[str | Promise, str | Promise]:
    """What happened, and what was said about it."""
    told, label = event.data, LABELS[event.type]
    if event.type == EventType.CONVERSATION_RESOLVED and told.get("confirmed"):
        return _("Resolved, as the customer confirmed"), ""
    if event.type == EventType.HANDOFF_REQUESTED:
        return label, HandoffReason(told["reason"]).label
    if event.type == EventType.KNOWLEDGE_RETRIEVED:
        return label, told["query"] if told.get("results") else _("Nothing was found.")
    if event.type == EventType.RATING_GIVEN:
        comment = told.get("comment", "")
        return label, f"{told['score']}/5 · {comment}" if comment else f"{told['score']}/5"
    return label, ""
