"""Takes archived events back: whole conversations, which are then counted from their events again."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby

import msgspec
from django.db import connection, transaction

from analytics.ingest import Accepted, IngestResult, RawEvent, decode_events, store_events
from analytics.models import Counting, EventType
from analytics.stretches import read_whole_threads
from analytics.threads import refresh_threads
from portal.models import Merchant

# Uses conversation_episode (merchant, thread, episode).
_UNMARK = """
    UPDATE analytics_conversation c SET archived_in_id = NULL
    FROM unnest(%s::text[], %s::timestamptz[]) AS first(thread, started_at)
    WHERE c.merchant_id = %s AND c.thread = first.thread AND c.started_at = first.started_at
    AND c.archived_in_id IS NOT NULL
"""


class _Thread(msgspec.Struct):
    conversation_id: str = ""


def by_thread(lines: Iterable[tuple[int, bytes]], *, at_least: int) -> Iterator[list[tuple[int, bytes]]]:
    """Portions that cut no thread in two, where the lines of a thread follow each other, as in the archive's files."""
    portion: list[tuple[int, bytes]] = []
    for _thread, its_lines in groupby(lines, key=lambda line: _thread_of(line[1])):
        portion += its_lines
        if len(portion) >= at_least:
            yield portion
            portion = []
    if portion:
        yield portion


def _thread_of(line: bytes) -> str:
    try:
        return msgspec.json.decode(line, type=_Thread).conversation_id
    except (msgspec.MsgspecError, UnicodeError):
        return ""  # rejected with its reason when it is decoded


def restore_events(merchant: Merchant, raw: Sequence[RawEvent], *, now: datetime) -> IngestResult:
    """Like ingest_events, but of any age. `raw` holds all events that a file has of a thread.

    A conversation that was archived is released by its first message, because a file holds conversations as a whole.
    """
    events, rejected = decode_events(merchant, raw, now=now, is_restored=True)
    n_accepted = _restore(merchant, events, now=now) if events else 0
    return IngestResult(n_accepted, len(events) - n_accepted, rejected)


def _restore(merchant: Merchant, events: list[Accepted], *, now: datetime) -> int:
    messages = [event for event in events if event.type == EventType.MESSAGE_RECEIVED]
    unique = {(event.occurred_at, event.id): event for event in events}
    with transaction.atomic():
        counting = Counting.lock(merchant)
        with connection.cursor() as cursor:
            threads, times = [event.thread for event in messages], [event.occurred_at for event in messages]
            cursor.execute(_UNMARK, [threads, times, merchant.pk])
        n_accepted = len(store_events(merchant, list(unique.values()), now=now))
        stretches = read_whole_threads(merchant, {event.thread for event in events})
        refresh_threads(counting, stretches, now=now)
    return n_accepted
