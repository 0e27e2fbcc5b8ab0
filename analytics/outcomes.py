"""The events of one thread → its episodes, each with exactly one outcome. Pure; the rules are those of metrics.md.

- An episode starts at the customer's first message. It ends with `conversation.resolved`, `.abandoned` or `.closed`,
  or when no message came for T. The customer's next message then opens the next episode.
- What comes after the end without a message of the customer (a rating, a late reply) belongs to the ended episode.
  What comes before a customer's first message (`conversation.started`, a greeting of the agent) belongs to the next,
  if it came no longer than LEAD before.
- Events are read in the order in which they occurred, whatever the order in which they arrived.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct

from analytics.courtesy import is_courtesy
from analytics.models import Author, Channel, EventType, Exclusion, Outcome

MILLISECOND = timedelta(milliseconds=1)
# Bounds how far back the events of a new conversation are looked for: what is older may lie in the columnstore.
LEAD = timedelta(days=90)
# Two events of the same instant are read in the order in which such things happen.
RANK = {str(kind): rank for rank, kind in enumerate(EventType)}
# Looking a member up in its enum takes longer than comparing with it.
STARTED, REOPENED = EventType.CONVERSATION_STARTED, EventType.CONVERSATION_REOPENED
RECEIVED, SENT, REPLIED = EventType.MESSAGE_RECEIVED, EventType.MESSAGE_SENT, EventType.TEAMMATE_REPLIED
RESOLVED, ABANDONED, CLOSED = (
    EventType.CONVERSATION_RESOLVED,
    EventType.CONVERSATION_ABANDONED,
    EventType.CONVERSATION_CLOSED,
)
HANDED_OFF, RATED = EventType.HANDOFF_REQUESTED, EventType.RATING_GIVEN
ENDINGS = frozenset({RESOLVED, ABANDONED, CLOSED})
AUTHORS: dict[str, str] = {
    RECEIVED: Author.CUSTOMER.value,
    SENT: Author.AGENT.value,
    REPLIED: Author.TEAMMATE.value,
}
# A rating of 1 or 2 is a negative signal, one of 4 or 5 counts for CSAT.
NEGATIVE_RATING, POSITIVE_RATING = 2, 4


class ThreadEvent(Struct, frozen=True):
    """One event, as far as episodes need it."""

    occurred_at: datetime
    type: str
    id: UUID
    channel: str
    data: dict[str, Any]
    is_stored: bool = True


class Rules(Struct, frozen=True):
    """After how long without a message an episode has ended."""

    chat_idle: timedelta
    email_idle: timedelta

    def idle(self, channel: str) -> timedelta:
        return self.email_idle if channel == Channel.EMAIL else self.chat_idle


class Facts(Struct, frozen=True):
    """All that is known about one episode. Field names are the columns of Conversation."""

    episode: int
    channel: str
    language: str
    agent_version: str
    customer_id: str
    started_at: datetime
    last_event_at: datetime
    ended_at: datetime | None
    outcome: str
    is_confirmed: bool
    exclusion: str
    handoff_reason: str
    rating: int | None
    is_disputed: bool
    question: str
    n_customer_messages: int
    n_agent_messages: int
    n_teammate_messages: int
    first_response_ms: int | None
    resolution_ms: int | None
    input_tokens: int
    output_tokens: int
    response_ms: list[int]
    agent_cost_micros: int | None


def read_episodes(
    events: Iterable[ThreadEvent], rules: Rules, *, now: datetime, after: Facts | None = None
) -> list[tuple[Facts, list[ThreadEvent]]]:
    """The episodes of one thread in order, each with its events. An episode idle at `now` has ended.

    With `after`, an ended episode of the thread, `events` are those from its end on, and the episodes those behind it.
    """
    ordered = sorted(events, key=_order)
    if after:
        ordered = _behind(after, ordered, rules)
    episodes = _split(ordered, rules, after)
    if episodes and not episodes[-1].ended_at and now >= episodes[-1].idle_at:
        episodes[-1].ended_at = episodes[-1].idle_at
    n_before = after.episode if after else 0
    return [(episode.facts(number), episode.events) for number, episode in enumerate(episodes, start=n_before + 1)]


def _split(events: list[ThreadEvent], rules: Rules, after: Facts | None) -> "list[_Episode]":
    episodes = [_Episode.ended(after, rules)] if after else []
    waiting_for_customer: list[ThreadEvent] = []
    for event in events:
        kind = event.type
        current = episodes[-1] if episodes else None
        if current and not current.ended_at and event.occurred_at >= current.idle_at:
            current.ended_at = current.idle_at
        if kind == RECEIVED and (current is None or current.ended_at):
            earlier, current = current, _Episode(event.occurred_at, event.channel, rules, earlier=current)
            episodes.append(current)
            _hand_over(waiting_for_customer, earlier, current)
            waiting_for_customer.clear()
        if kind == REOPENED:
            _dispute(episodes)
        opens_next = kind in (REOPENED, STARTED)
        if current is None or (current.ended_at and (waiting_for_customer or opens_next)):
            waiting_for_customer.append(event)
        else:
            current.take(event)
    if episodes:
        for behind in waiting_for_customer:
            episodes[-1].take(behind)
    return episodes[1:] if after else episodes


def _hand_over(waiting: list[ThreadEvent], earlier: "_Episode | None", opened: "_Episode") -> None:
    for event in waiting:
        if opened.started_at - event.occurred_at <= LEAD:
            opened.take(event)
        elif earlier:
            earlier.take(event)


def _behind(after: Facts, events: list[ThreadEvent], rules: Rules) -> list[ThreadEvent]:
    """Of events in order from the instant on at which `after` ended: those behind its end."""
    if after.ended_at == after.last_event_at + rules.idle(after.channel):
        return events  # it fell idle; no event ended it
    for position, event in enumerate(events):
        if event.occurred_at == after.ended_at and event.type in ENDINGS:
            return events[position + 1 :]
    return events


def _order(event: ThreadEvent) -> tuple[datetime, int, UUID]:
    return event.occurred_at, RANK[event.type], event.id


def _dispute(episodes: "list[_Episode]") -> None:
    """A reopening speaks about the last episode that has ended."""
    for episode in reversed(episodes):
        if episode.ended_at:
            episode.is_reopened = True
            return


class _Episode:
    """Takes the events of one episode in order and says at the end what they amount to."""

    def __init__(self, started_at: datetime, channel: str, rules: Rules, *, earlier: "_Episode | None") -> None:
        self.started_at = self.last_event_at = started_at
        self.channel = channel
        self.idle = rules.idle(channel)
        self.customer_id: str = earlier.customer_id if earlier else ""
        self.language: str = earlier.language if earlier else ""
        self.agent_version: str = earlier.agent_version if earlier else ""
        self.is_test: bool = earlier.is_test if earlier else False
        self.is_started = False
        self.ended_at: datetime | None = None
        self.resolved_at: datetime | None = None
        self.is_confirmed = self.is_abandoned = self.is_reopened = self.is_escalated = False
        self.handoff_reason = ""
        self.rating: int | None = None
        self.question = ""
        self.events: list[ThreadEvent] = []
        self.n_messages = dict.fromkeys(AUTHORS, 0)
        self.waits_since: datetime | None = None
        self.has_human_reply = False
        self.response_ms: list[int] = []
        self.first_response_ms: int | None = None
        self.input_tokens = self.output_tokens = 0
        self.cost_micros: int | None = None

    @classmethod
    def ended(cls, facts: Facts, rules: Rules) -> "_Episode":
        """What the next episode needs of an earlier one: that it ended, and what it passes on."""
        episode = cls(facts.started_at, facts.channel, rules, earlier=None)
        episode.customer_id, episode.language = facts.customer_id, facts.language
        episode.agent_version, episode.is_test = facts.agent_version, facts.exclusion == Exclusion.TEST
        episode.ended_at = facts.ended_at
        return episode

    @property
    def idle_at(self) -> datetime:
        return self.last_event_at + self.idle

    def take(self, event: ThreadEvent) -> None:
        kind = event.type
        self.events.append(event)
        if kind in AUTHORS:
            self._take_message(event)
        elif kind == STARTED:
            self._take_start(event.data)
        elif kind == HANDED_OFF:
            self.is_escalated = True
            self.handoff_reason = self.handoff_reason or event.data["reason"]
            self._touch(event)
        elif kind == RATED:
            self.rating = event.data["score"]
        elif kind in ENDINGS and event.occurred_at >= self.started_at:
            self._take_ending(event)

    def _take_start(self, start: dict[str, Any]) -> None:
        """The first start of an episode replaces what was inherited; another one only fills gaps."""
        if self.ended_at:
            return
        for name in ("customer_id", "language", "agent_version"):
            if start.get(name) and not (self.is_started and getattr(self, name)):
                setattr(self, name, start[name])
        self.is_test = bool(start.get("is_test")) or (self.is_started and self.is_test)
        self.is_started = True

    def _take_message(self, event: ThreadEvent) -> None:
        self.n_messages[event.type] += 1
        if event.type == RECEIVED:
            is_request = not is_courtesy(event.data["text"])
            if is_request and not self.question:
                self.question = event.data["text"]
            # A closing "thanks" waits for nothing.
            if self.waits_since is None and (is_request or not self.response_ms):
                self.waits_since = event.occurred_at
        elif event.type == SENT:
            self._take_answer(event)
        elif not self.ended_at:
            self.has_human_reply = True
            self.waits_since = None
        self._touch(event)

    def _take_answer(self, event: ThreadEvent) -> None:
        self.input_tokens += event.data.get("input_tokens", 0)
        self.output_tokens += event.data.get("output_tokens", 0)
        if (cost := event.data.get("cost")) is not None:
            self.cost_micros = (self.cost_micros or 0) + round(cost * 1_000_000)
        if self.waits_since is None or self.ended_at or event.occurred_at < self.started_at:
            return
        waited = (event.occurred_at - self.waits_since) // MILLISECOND
        if not self.response_ms and not self.has_human_reply:
            self.first_response_ms = waited
        self.response_ms.append(waited)
        self.waits_since = None

    def _take_ending(self, event: ThreadEvent) -> None:
        if event.type == RESOLVED:
            self.resolved_at = self.resolved_at or event.occurred_at
            self.is_confirmed = self.is_confirmed or event.data.get("confirmed", False)
        elif event.type == ABANDONED and not self.ended_at:
            self.is_abandoned = True
        self.ended_at = self.ended_at or event.occurred_at

    def _touch(self, event: ThreadEvent) -> None:
        if not self.ended_at and event.occurred_at > self.last_event_at:
            self.last_event_at = event.occurred_at

    def _outcome(self) -> Outcome:
        """The first rule that holds (metrics.md, Outcomes)."""
        is_answered = bool(self.response_ms)
        if not self.ended_at:
            return Outcome.OPEN
        if self.is_escalated or (self.has_human_reply and is_answered):
            return Outcome.ESCALATED
        if self.has_human_reply:
            return Outcome.NOT_INVOLVED
        # The customer's own "yes, solved" stands above everything that an absent answer suggests.
        if self.is_confirmed and is_answered:
            return Outcome.RESOLVED
        left_unhappy = self.resolved_at is None and self.rating is not None and self.rating <= NEGATIVE_RATING
        if self.is_abandoned or self.waits_since is not None or left_unhappy:
            return Outcome.ABANDONED
        return Outcome.RESOLVED if is_answered else Outcome.NOT_INVOLVED

    def _exclusion(self) -> Exclusion:
        if self.is_test:
            return Exclusion.TEST
        return Exclusion.NONE if self.question else Exclusion.NO_REQUEST

    def facts(self, number: int) -> Facts:
        outcome = self._outcome()
        is_resolved = outcome == Outcome.RESOLVED
        is_low_rated = self.rating is not None and self.rating <= NEGATIVE_RATING
        solved_at = self.resolved_at or self.last_event_at
        return Facts(
            episode=number,
            channel=self.channel,
            language=self.language,
            agent_version=self.agent_version,
            customer_id=self.customer_id,
            started_at=self.started_at,
            last_event_at=self.last_event_at,
            ended_at=self.ended_at,
            outcome=outcome.value,
            is_confirmed=is_resolved and self.is_confirmed,
            exclusion=self._exclusion().value,
            handoff_reason=self.handoff_reason,
            rating=self.rating,
            is_disputed=is_resolved and (self.is_reopened or is_low_rated),
            question=self.question,
            n_customer_messages=self.n_messages[RECEIVED],
            n_agent_messages=self.n_messages[SENT],
            n_teammate_messages=self.n_messages[REPLIED],
            response_ms=self.response_ms,
            first_response_ms=self.first_response_ms,
            resolution_ms=(solved_at - self.started_at) // MILLISECOND if is_resolved else None,
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
            agent_cost_micros=self.cost_micros,
        )
