"""The events of one conversation, one method each. None of them blocks and none of them raises."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, Optional, Union
from uuid import UUID

if TYPE_CHECKING:
    from aftercare_client.client import Aftercare
    from aftercare_client.encoding import Source

Channel = Literal["widget", "email", "whatsapp", "sms", "voice", "api"]
HandoffReason = Literal[
    "customer_request",
    "missing_knowledge",
    "unsupported_request",
    "policy_restriction",
    "tool_failure",
    "needs_clarification",
    "usage_limit",
]
EventId = Optional[Union[str, UUID]]
Moment = Optional[datetime]


class Conversation:
    """Holds nothing but its id and channel, so it may be made anew for every message and used in any thread.

    Every method takes `occurred_at` (now, if not given) and `event_id` (a new one, if not given; give your own where
    you may tell the same event twice), and returns the event's id.
    """

    __slots__ = ("_aftercare", "channel", "id")

    def __init__(self, aftercare: Aftercare, conversation_id: str, channel: Channel) -> None:
        self._aftercare = aftercare
        self.id = conversation_id
        self.channel = channel

    def started(
        self,
        *,
        customer_id: str = "",
        language: str = "",
        agent_version: str = "",
        is_test: bool = False,
        occurred_at: Moment = None,
        event_id: EventId = None,
    ) -> str:
        data = {"customer_id": customer_id, "language": language, "agent_version": agent_version, "is_test": is_test}
        return self._record("conversation.started", occurred_at, event_id, data)

    def received(self, text: str, *, occurred_at: Moment = None, event_id: EventId = None) -> str:
        """A message of the customer."""
        return self._record("message.received", occurred_at, event_id, {"text": text})

    def sent(  # noqa: PLR0913 - one argument for each field of the event
        self,
        text: str,
        *,
        latency_ms: float | None = None,
        confidence: float | None = None,
        model: str | None = None,
        input_tokens: int | None = None,
        output_tokens: int | None = None,
        cost: float | Decimal | None = None,
        sources: Iterable[Source] | None = None,
        trace_id: str | None = None,
        occurred_at: Moment = None,
        event_id: EventId = None,
    ) -> str:
        """An answer of the agent. `confidence` 0–1; `cost` of the model's calls; `trace_id` in LangSmith.

        `sources` are the articles that it was made from: `["kb-12"]` or `[("kb-12", 0.81)]`.
        """
        data = {
            "text": text,
            "latency_ms": latency_ms,
            "confidence": confidence,
            "model": model,
            "input_tokens": input_tokens,
            "output_tokens": output_tokens,
            "cost": cost,
            "sources": sources,
            "trace_id": trace_id,
        }
        return self._record("message.sent", occurred_at, event_id, data)

    def retrieved(
        self, query: str, results: Iterable[Source] = (), *, occurred_at: Moment = None, event_id: EventId = None
    ) -> str:
        """What the agent looked up in the knowledge base, and which articles it found."""
        return self._record("knowledge.retrieved", occurred_at, event_id, {"query": query, "results": results})

    def clicked(self, article_id: str, *, occurred_at: Moment = None, event_id: EventId = None) -> str:
        """The customer opened a cited article."""
        return self._record("citation.clicked", occurred_at, event_id, {"article_id": article_id})

    def teammate_replied(self, text: str, *, occurred_at: Moment = None, event_id: EventId = None) -> str:
        """A message of a human."""
        return self._record("teammate.replied", occurred_at, event_id, {"text": text})

    def handed_off(self, reason: HandoffReason, *, occurred_at: Moment = None, event_id: EventId = None) -> str:
        """The agent asked for a human, or the customer did."""
        return self._record("handoff.requested", occurred_at, event_id, {"reason": reason})

    def resolved(self, *, confirmed: bool = False, occurred_at: Moment = None, event_id: EventId = None) -> str:
        """`confirmed`: the customer said so."""
        return self._record("conversation.resolved", occurred_at, event_id, {"confirmed": confirmed})

    def abandoned(self, *, occurred_at: Moment = None, event_id: EventId = None) -> str:
        return self._record("conversation.abandoned", occurred_at, event_id, {})

    def reopened(self, *, occurred_at: Moment = None, event_id: EventId = None) -> str:
        return self._record("conversation.reopened", occurred_at, event_id, {})

    def closed(self, *, occurred_at: Moment = None, event_id: EventId = None) -> str:
        return self._record("conversation.closed", occurred_at, event_id, {})

    def rated(self, score: int, *, comment: str = "", occurred_at: Moment = None, event_id: EventId = None) -> str:
        """1 to 5."""
        return self._record("rating.given", occurred_at, event_id, {"score": score, "comment": comment})

    def _record(self, kind: str, occurred_at: Moment, event_id: EventId, data: dict[str, Any]) -> str:
        return self._aftercare.record(
            kind, self.id, channel=self.channel, data=data, occurred_at=occurred_at, event_id=event_id
        )
