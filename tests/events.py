"""Builds events for tests, the way an agent would send them.

    chat = Chat("c-1", at="2026-11-02T09:00:00+00:00")
    chat.start(customer_id="ann").ask("Where is my order?").answer("On its way.").resolve(confirmed=True)
    send(merchant, chat)

Every step happens a minute after the one before unless `after=` says otherwise (seconds). Ids follow from the thread
and the step, so that the same story told twice is the same events.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

AFTER = 60


class Chat:
    """One thread, told step by step."""

    def __init__(self, thread: str = "c-1", *, at: str | datetime = "2026-11-02T09:00:00+00:00", channel="widget"):
        self.thread = thread
        self.clock = datetime.fromisoformat(at) if isinstance(at, str) else at
        self.channel = channel
        self.events: list[dict[str, Any]] = []

    def add(self, kind: str, *, after: float = AFTER, **data: Any) -> "Chat":
        if self.events:
            self.clock += timedelta(seconds=after)
        event_id = uuid5(NAMESPACE_URL, f"{self.thread}/{len(self.events)}/{kind}/{self.clock.isoformat()}")
        self.events.append(
            {
                "id": str(event_id),
                "type": kind,
                "conversation_id": self.thread,
                "occurred_at": self.clock.isoformat(),
                "channel": self.channel,
                "data": data,
            }
        )
        return self

    def start(self, customer_id: str = "", language: str = "en", agent_version: str = "1", **data: Any) -> "Chat":
        return self.add(
            "conversation.started", customer_id=customer_id, language=language, agent_version=agent_version, **data
        )

    def ask(self, text: str = "Where is my order?", **rest: Any) -> "Chat":
        return self.add("message.received", text=text, **rest)

    def answer(self, text: str = "It is on its way.", *, after: float = 2, **rest: Any) -> "Chat":
        return self.add("message.sent", text=text, after=after, **rest)

    def retrieve(self, query: str = "order", results: list[dict[str, Any]] | None = None, **rest: Any) -> "Chat":
        return self.add("knowledge.retrieved", query=query, results=results or [], **rest)

    def click(self, article_id: str = "kb-1", **rest: Any) -> "Chat":
        return self.add("citation.clicked", article_id=article_id, **rest)

    def teammate(self, text: str = "Let me look into it.", **rest: Any) -> "Chat":
        return self.add("teammate.replied", text=text, **rest)

    def hand_off(self, reason: str = "missing_knowledge", **rest: Any) -> "Chat":
        return self.add("handoff.requested", reason=reason, **rest)

    def resolve(self, *, confirmed: bool = False, **rest: Any) -> "Chat":
        return self.add("conversation.resolved", confirmed=confirmed, **rest)

    def abandon(self, **rest: Any) -> "Chat":
        return self.add("conversation.abandoned", **rest)

    def close(self, **rest: Any) -> "Chat":
        return self.add("conversation.closed", **rest)

    def reopen(self, **rest: Any) -> "Chat":
        return self.add("conversation.reopened", **rest)

    def rate(self, score: int, **rest: Any) -> "Chat":
        return self.add("rating.given", score=score, **rest)


def resolved(thread: str = "c-1", **where: Any) -> Chat:
    return Chat(thread, **where).start(customer_id=f"customer of {thread}").ask().answer().resolve()


def escalated(thread: str = "c-1", *, reason: str = "missing_knowledge", **where: Any) -> Chat:
    chat = Chat(thread, **where).start(customer_id=f"customer of {thread}").ask().answer("I do not know.")
    return chat.hand_off(reason).teammate().close()


def abandoned(thread: str = "c-1", **where: Any) -> Chat:
    return Chat(thread, **where).start(customer_id=f"customer of {thread}").ask().answer().abandon()


def still_open(thread: str = "c-1", **where: Any) -> Chat:
    return Chat(thread, **where).start(customer_id=f"customer of {thread}").ask()


def all_events(*chats: Chat) -> list[dict[str, Any]]:
    return [event for chat in chats for event in chat.events]


def send(merchant, *chats: Chat, now: datetime | None = None):
    """Ingests the events of these chats in one batch; `now` defaults to the clock (time_machine)."""
    from analytics.ingest import ingest_events

    return ingest_events(merchant, all_events(*chats), now=now or datetime.now(UTC))
