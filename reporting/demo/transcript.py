"""Writes down one conversation as the events that an agent's runtime would post, and keeps its clock."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from reporting.demo.rhythm import Release, when_on_shift
from reporting.demo.shop import HELP_URL
from reporting.demo.topics import Topic, topics

Event = dict[str, Any]

MODEL = "gpt-4.1"
# EUR per token, about the list price of that model; an answer takes several steps, each with what was retrieved.
PRICE_IN, PRICE_OUT = 2.6e-6, 9e-6
MEDIAN_SECONDS = {"widget": 2.3, "whatsapp": 3.0, "sms": 3.6, "email": 41.0}
LATENCY_SPREAD = 0.45
TEAM_MINUTES = {"widget": 11, "whatsapp": 16, "sms": 22, "email": 130}


@dataclass(frozen=True, slots=True)
class Plan:
    """All that is decided about a conversation before a word is said."""

    thread: str
    started_at: datetime
    channel: str
    language: str
    customer: str
    release: Release
    topic: Topic | None
    story: str
    is_again: bool = False  # the customer has asked this before


class Transcript:
    """`events` grows as the scene is played; each method moves the clock on."""

    def __init__(self, plan: Plan, rng: Random) -> None:
        self.plan, self.rng = plan, rng
        self.now = plan.started_at
        self.events: list[Event] = []
        self._query = ""

    def start(self, *, is_test: bool = False) -> None:
        self._add(
            "conversation.started",
            {
                "customer_id": self.plan.customer,
                "language": self.plan.language,
                "agent_version": self.plan.release.version,
                "is_test": is_test,
            },
        )
        self._wait(0.4)

    def customer(self, text: str) -> None:
        self._query = text
        self._add("message.received", {"text": text})

    def pause(self) -> None:
        """The customer reads and types."""
        self._wait(self.rng.lognormvariate(math.log(5400 if self.plan.channel == "email" else 70), 0.8))

    def agent(self, text: str, *, confidence: tuple[float, float], article_id: str = "", searches: bool = True) -> None:
        results = self._search(article_id) if searches else []
        median = MEDIAN_SECONDS[self.plan.channel] * self.plan.release.speed
        latency = self.rng.lognormvariate(math.log(median), LATENCY_SPREAD)
        if searches:
            self._wait(latency * 0.2)
            self._add("knowledge.retrieved", {"query": self._query[:400], "results": results})
            self._wait(latency * 0.8)
        else:
            self._wait(latency)
        input_tokens = self.rng.randint(6_000, 14_000) + 4 * len(self._query)
        output_tokens = len(text) // 4 + self.rng.randint(4, 20)
        self._add(
            "message.sent",
            {
                "text": text,
                "latency_ms": round(latency * 1000),
                "confidence": round(self.rng.uniform(*confidence), 3),
                "model": MODEL,
                "input_tokens": input_tokens,
                "output_tokens": output_tokens,
                "cost": round(input_tokens * PRICE_IN + output_tokens * PRICE_OUT, 6),
                "sources": results[:1] if article_id else [],
            },
        )

    def click_source(self, article_id: str) -> None:
        self._wait(self.rng.uniform(4, 40))
        self._add("citation.clicked", {"article_id": article_id})

    def hand_off(self, reason: str) -> None:
        self._wait(0.8)
        self._add("handoff.requested", {"reason": reason})

    def teammate(self, text: str) -> None:
        minutes = TEAM_MINUTES[self.plan.channel] * (1.8 if self.plan.release.is_bad else 1.0)
        self._wait(60 * self.rng.lognormvariate(math.log(minutes), 0.7))
        self.now = max(self.now, when_on_shift(self.now))
        self._add("teammate.replied", {"text": text})

    def teammate_soon(self, text: str) -> None:
        """The teammate is in the conversation already."""
        self._wait(self.rng.uniform(60, 420))
        self._add("teammate.replied", {"text": text})

    def resolve(self, *, confirmed: bool) -> None:
        self._wait(self.rng.uniform(1, 5) if confirmed else self.rng.uniform(900, 5400))
        self._add("conversation.resolved", {"confirmed": confirmed})

    def end(self, kind: str) -> None:
        self._wait(self.rng.uniform(300, 2400))
        self._add(f"conversation.{kind}", {})

    def reopen(self) -> None:
        self._wait(self.rng.uniform(3600, 60 * 3600))
        self._add("conversation.reopened", {})
        self._wait(1)

    def rate(self, score: int, comment: str) -> None:
        self._wait(self.rng.uniform(10, 200))
        self._add("rating.given", {"score": score, "comment": comment})

    def _search(self, article_id: str) -> list[dict[str, Any]]:
        """What the agent's retrieval found: the article with a good score, or only distant ones."""
        others = [topic.article_id("en") for topic in topics() if topic.kind == "covered"]
        found = [{"article_id": article_id, "score": round(self.rng.uniform(0.66, 0.91), 3)}] if article_id else []
        ceiling = 0.52 if article_id else 0.44
        for other in self.rng.sample(others, 4):
            if other != article_id and len(found) < 3:
                ceiling = round(ceiling - self.rng.uniform(0.01, 0.07), 3)
                found.append({"article_id": other, "score": ceiling})
        return found

    def _wait(self, seconds: float) -> None:
        self.now += timedelta(milliseconds=round(seconds * 1000))

    def _add(self, kind: str, content: Event) -> None:
        name = f"{HELP_URL}/{self.plan.thread}/{self.plan.started_at.isoformat()}/{len(self.events)}"
        self.events.append(
            {
                "id": str(uuid5(NAMESPACE_URL, name)),
                "type": kind,
                "conversation_id": self.plan.thread,
                "occurred_at": self.now.isoformat(),
                "channel": self.plan.channel,
                "data": content,
            }
        )


def pick_weighted(rng: Random, shares: Sequence[tuple[str, float]]) -> str:
    return rng.choices([name for name, _ in shares], [share for _, share in shares])[0]
