"""What was told about a conversation before it was known better: outcomes that events which came later turned. Pure.

Nothing of this is stored. Events know when they were received, so what the numbers said at any moment can be read from
them again, and arriving in another order leaves the same rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from analytics.models import Outcome
from analytics.outcomes import Rules, ThreadEvent, read_episodes

# What stood for less time is one event of a burst that came before another, not a number that anybody read.
STOOD = timedelta(hours=1)
# A thread of more batches is read from its newest ones.
MAX_BATCHES = 200


@dataclass(frozen=True, slots=True)
class Verdict:
    outcome: Outcome
    is_disputed: bool
    ended_at: datetime | None

    def differs(self, other: "Verdict") -> bool:
        return (self.outcome, self.is_disputed) != (other.outcome, other.is_disputed)


@dataclass(frozen=True, slots=True)
class Reversal:
    """At `at` an ended conversation that had counted as `before` came to count as `after`."""

    at: datetime
    before: Verdict
    after: Verdict


def find_reversals(
    received: Sequence[tuple[datetime, ThreadEvent]], rules: Rules, span: tuple[datetime, datetime | None]
) -> list[Reversal]:
    """Of the episode that began within `span` (its start, the start of the next one), from all the events of its thread
    with when they were received."""
    reversals, told_since = [], None
    for at, known, new in list(_batches(received))[-MAX_BATCHES:]:
        before = _verdict(known, rules, span, now=at)
        after = _verdict([*known, *new], rules, span, now=at)
        if before and after and before.ended_at and before.differs(after):
            stood_since = max(told_since or before.ended_at, before.ended_at)
            if at - stood_since >= STOOD:
                reversals.append(Reversal(at, before, after))
        told_since = at
    return reversals


def _batches(
    received: Sequence[tuple[datetime, ThreadEvent]],
) -> Iterator[tuple[datetime, list[ThreadEvent], list[ThreadEvent]]]:
    """(when, the events known before, the events that came then)."""
    known: list[ThreadEvent] = []
    for at in sorted({at for at, _event in received}):
        new = [event for when, event in received if when == at]
        yield at, list(known), new
        known += new


def _verdict(
    events: list[ThreadEvent], rules: Rules, span: tuple[datetime, datetime | None], *, now: datetime
) -> Verdict | None:
    """None while the episode was not known."""
    first, following = span
    for facts, _its_events in read_episodes(events, rules, now=now):
        if first <= facts.started_at and (following is None or facts.started_at < following):
            return Verdict(Outcome(facts.outcome), facts.is_disputed, facts.ended_at)
    return None
