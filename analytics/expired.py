"""Which events of a thread are past their retention. Pure.

A conversation goes as a whole: when it ended before the border and so did all that belongs to it. What came in within
the last days stays, so that a restored file can be looked at.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from analytics.outcomes import LEAD, Facts, Rules, ThreadEvent, read_episodes

# So long after they were received events stay, however old they are.
LOOKED_AT = timedelta(days=7)


class StoredEvent(ThreadEvent, frozen=True, kw_only=True):
    """With what only the archive needs; `data` is what was stored, as a text of JSON is decoded."""

    thread: str
    received_at: datetime


def find_expired(
    events: Sequence[StoredEvent], rules: Rules, *, after: Facts | None, border: datetime, now: datetime
) -> tuple[list[StoredEvent], list[Facts]]:
    """The expired events of one thread, and the conversations that go with them.

    `after` is the last conversation of the thread that was archived before.
    """
    settled = now - LOOKED_AT
    ended_at = after.ended_at if after else None
    left = {(event.occurred_at, event.id): event for event in events}
    live = [event for event in events if ended_at is None or event.occurred_at >= ended_at]
    expired: list[StoredEvent] = []
    conversations: list[Facts] = []
    is_over = True
    for facts, its_events in read_episodes(live, rules, now=now, after=after):
        own = [left.pop((event.occurred_at, event.id)) for event in its_events]
        # Where one stays, the later ones stay: recounts begin behind the last archived conversation.
        is_over = is_over and _is_over(facts, own, border=border, settled=settled)
        if is_over:
            expired += own
            conversations.append(facts)
    for event in left.values():
        # What belongs to no conversation may still lead to one, unless it lies before an archived one.
        is_past = ended_at is not None and event.occurred_at < ended_at
        if event.received_at <= settled and event.occurred_at < (border if is_past else border - LEAD):
            expired.append(event)
    return expired, conversations


def _is_over(facts: Facts, events: Sequence[StoredEvent], *, border: datetime, settled: datetime) -> bool:
    return (
        facts.ended_at is not None
        and facts.ended_at < border
        and all(event.occurred_at < border and event.received_at <= settled for event in events)
    )
