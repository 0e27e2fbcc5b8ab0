"""Reads the part of a thread that a change can reach, so that what an event costs depends on its episode and not on
the life of its thread: some threads never end, in WhatsApp above all, or where a bot talks.

Events change nothing that lies two episodes before them. They fall into the last episode that started before them, or
open one behind it; a reopening may dispute the episode before that one. Earlier episodes have ended, and what comes
later takes only a few facts over from the one before it. An episode whose events were archived has ended for good.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from analytics.bulk import ANY_MERCHANT, fetch_rows
from analytics.conversations import Row, last_conversations
from analytics.models import EventType
from analytics.outcomes import LEAD, ThreadEvent
from portal.models import Merchant

BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
# Which articles were read decides no outcome, and these events are the longest.
UNREAD = frozenset({EventType.KNOWLEDGE_RETRIEVED.value, EventType.CITATION_CLICKED.value})

# Uses the index event_thread (merchant, thread, occurred_at); see bulk.ANY_MERCHANT. The last condition says nothing
# new, but as a constant it keeps the planner from the chunks of a hypertable in which none of these events can be.
_EVENTS = f"""
    SELECT e.* FROM json_to_recordset(%s::json) AS touched(thread text, since timestamptz)
    CROSS JOIN LATERAL (
        SELECT e.thread, e.occurred_at, e.type, e.id, e.channel, e.data::text FROM analytics_event e
        WHERE e.merchant_id = {ANY_MERCHANT} AND e.thread = touched.thread AND e.occurred_at >= touched.since
        AND e.type <> ALL(%s) AND e.occurred_at >= %s OFFSET 0
    ) AS e
"""


class Stretch(Struct):
    """One thread from the end of the episode `after`, or from its beginning, to its end."""

    after: Row | None
    rows: list[Row]
    events: list[ThreadEvent]

    def reaches(self, moment: datetime) -> bool:
        """What is older changes nothing any more."""
        return self.after is None or self.after.facts.ended_at is None or moment >= self.after.facts.ended_at


def read_stretches(merchant: Merchant, moments: Mapping[str, datetime]) -> dict[str, Stretch]:
    """What changes from these moments on can reach, by thread. The caller holds the lock (models.Counting)."""
    stretches = cut_threads(merchant, moments)
    since = {thread: _since(stretch, moments[thread]) for thread, stretch in stretches.items()}
    touched = msgspec.json.encode([{"thread": thread, "since": moment} for thread, moment in since.items()]).decode()
    for thread, occurred_at, kind, event_id, channel, text in fetch_rows(
        _EVENTS, [touched, merchant.pk, list(UNREAD), min(since.values(), default=BEGINNING)]
    ):
        stretches[thread].events.append(ThreadEvent(occurred_at, kind, event_id, channel, msgspec.json.decode(text)))
    return stretches


def read_whole_threads(merchant: Merchant, threads: Iterable[str]) -> dict[str, Stretch]:
    return read_stretches(merchant, dict.fromkeys(threads, BEGINNING))


def cut_threads(merchant: Merchant, moments: Mapping[str, datetime]) -> dict[str, Stretch]:
    """The stretches without their events."""
    return {thread: _cut(rows, moments[thread]) for thread, rows in last_conversations(merchant, moments).items()}


def _cut(rows: list[Row], moment: datetime) -> Stretch:
    n_before = int(len(rows) > 2 and rows[2].facts.started_at < moment)
    n_before = max([n_before, *(number for number, row in enumerate(rows, start=1) if row.is_archived)])
    return Stretch(rows[n_before - 1] if n_before else None, rows[n_before:], [])


def _since(stretch: Stretch, moment: datetime) -> datetime:
    """From when on events can matter: those of the first episode, and what led to it."""
    if stretch.after and stretch.after.facts.ended_at:
        return stretch.after.facts.ended_at
    if moment == BEGINNING:
        return BEGINNING
    return min([moment, *(row.facts.started_at for row in stretch.rows[:1])]) - LEAD
