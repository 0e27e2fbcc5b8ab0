"""Conversations for tests of quality, told as events."""

from datetime import UTC, datetime

from analytics.models import Conversation
from tests.events import Chat, send

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
GOOD = "Open Billing, choose Payment methods and add the new card. The old card can be removed after the next payment."
REFUSAL = "I don't have information on this. Would you like to talk to a colleague?"


def told(
    merchant, thread: str = "c-1", *, question="How do I change my payment card?", answer=GOOD, **rest
) -> Conversation:
    """One ended conversation with one question and one answer."""
    sent = {"sources": [{"article_id": source, "score": 0.8} for source in rest.pop("sources", [])]}
    if trace_id := rest.pop("trace_id", ""):
        sent["trace_id"] = trace_id
    started = {"agent_version": rest.pop("agent_version")} if "agent_version" in rest else {}
    chat = Chat(thread, at=rest.pop("at", "2026-11-20T09:00:00+00:00"), **rest)
    chat.start(**started).ask(question)
    send(merchant, chat.answer(answer, **sent).resolve())
    return Conversation.objects.get(merchant=merchant, thread=thread)


def judged(quote: str, score: int | None = 3) -> dict:
    """What the judge answers: each dimension with the same quote and score."""
    part = {"rationale": "The answer names the steps.", "quotes": [quote], "score": score}
    return dict.fromkeys(("helpfulness", "accuracy", "politeness", "completeness"), part)
