"""Moves events past their retention out of the database into files: write, read back, and only then delete.

The conversations, messages and rollups stay; a conversation whose events are in a file is never counted anew. Killed at
any moment it has lost nothing, and the next run goes on: what was not deleted is written again under the same name.
"""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import connection, transaction
from msgspec import Struct

from analytics import archive_files
from analytics.archive_files import ArchiveError
from analytics.bulk import fetch_rows
from analytics.expired import StoredEvent, find_expired
from analytics.models import ArchivedPeriod, Counting, EventType
from analytics.stretches import BEGINNING, cut_threads
from analytics.threads import rules_of
from portal.models import Merchant

logger = logging.getLogger(__name__)

DAY = timedelta(days=1)
THREADS_AT_ONCE = 500
# A file is deleted from the database in one transaction; the agent's requests wait for it.
EVENTS_PER_FILE = 25_000

# All three use the primary key (merchant, occurred_at, id).
_FIRST = (
    "SELECT min(occurred_at) FROM analytics_event WHERE merchant_id = %s AND occurred_at >= %s AND occurred_at < %s"
)
_COUNT = "SELECT count(*) FROM analytics_event WHERE merchant_id = %s AND occurred_at < %s"
_THREADS = """
    SELECT DISTINCT thread FROM analytics_event
    WHERE merchant_id = %s AND occurred_at >= %s AND occurred_at < %s ORDER BY thread
"""
# Uses the index event_thread (merchant, thread, occurred_at).
_EVENTS = """
    SELECT thread, occurred_at, type, id, channel, data::text, received_at FROM analytics_event
    WHERE merchant_id = %s AND thread = ANY(%s) ORDER BY thread, occurred_at, id
"""
_ROWS = """
    SELECT id, episode, started_at, ended_at, updated_at, archived_in_id FROM analytics_conversation
    WHERE merchant_id = %s AND thread = ANY(%s) ORDER BY id
"""
_DELETE = """
    DELETE FROM analytics_event e USING unnest(%s::timestamptz[], %s::uuid[]) AS gone(occurred_at, id)
    WHERE e.merchant_id = %s AND e.occurred_at BETWEEN %s AND %s
    AND e.occurred_at = gone.occurred_at AND e.id = gone.id
"""
# By the customer's messages, of which one began each conversation. Uses the unique index conversation_episode.
_MARK = """
    UPDATE analytics_conversation c SET archived_in_id = %s
    FROM unnest(%s::text[], %s::timestamptz[]) AS first(thread, started_at)
    WHERE c.merchant_id = %s AND c.thread = first.thread AND c.started_at = first.started_at
    AND c.archived_in_id IS NULL
"""


class Portion(Struct):
    """What of some threads has expired, and how their conversations stood when that was found."""

    threads: list[str]
    events: list[StoredEvent]
    conversations: list[tuple[object, ...]]


class Changed(Exception):  # noqa: N818 - no failure: the next run sees the new state
    """A late event reached one of the threads in the meantime."""


def border(now: datetime) -> datetime:
    """What ended before has expired: the last midnight (UTC) before the retention. No accepted event is older."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(
        days=settings.EVENT_RETENTION_DAYS
    )


def archive_events(merchant: Merchant, *, now: datetime) -> Iterator[ArchivedPeriod]:
    """All that has expired, the oldest day first; yields each file when its events are deleted.

    A merchant whose numbers wait for a recount is left for another night. Raises ArchiveError.
    """
    archive_files.remove_parts(merchant, before=now - DAY)
    for day in days_with_events(merchant, before=border(now)):
        threads = [thread for (thread,) in fetch_rows(_THREADS, [merchant.pk, day, day + DAY])]
        for portions in _by_file(merchant, threads, now=now):
            try:
                if period := _archive(merchant, day, portions, now=now):
                    yield period
            except Changed:
                logger.info("%s: events of %s stay for another night: late ones came in", merchant.slug, day.date())


def count_expired(merchant: Merchant, *, before: datetime) -> int:
    """At most so many are archived: conversations that are still going on stay whole."""
    ((n,),) = fetch_rows(_COUNT, [merchant.pk, before])
    return int(n)


def days_with_events(merchant: Merchant, *, before: datetime) -> Iterator[datetime]:
    since = BEGINNING
    while since < before:
        ((first,),) = fetch_rows(_FIRST, [merchant.pk, since, before])
        if first is None:
            return
        day = first.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        yield day
        since = day + DAY


def _by_file(merchant: Merchant, threads: list[str], *, now: datetime) -> Iterator[list[Portion]]:
    waiting: list[Portion] = []
    rest = iter(threads)
    while some := list(islice(rest, THREADS_AT_ONCE)):
        waiting.append(_find_portion(merchant, some, now=now))
        if sum(len(portion.events) for portion in waiting) >= EVENTS_PER_FILE:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def _find_portion(merchant: Merchant, threads: list[str], *, now: datetime) -> Portion:
    """Nothing where the stored conversations are not those of the events: a recount comes first."""
    counting = Counting.objects.select_related("merchant").get(merchant=merchant)
    # Before the events, so that whatever comes in between shows as a difference later.
    before = fetch_rows(_ROWS, [merchant.pk, threads])
    stretches = cut_threads(merchant, dict.fromkeys(threads, BEGINNING))
    portion = Portion([], [], before)
    if counting.is_outdated:
        return portion
    events: dict[str, list[StoredEvent]] = {thread: [] for thread in threads}
    for thread, occurred_at, kind, event_id, channel, text, received_at in fetch_rows(_EVENTS, [merchant.pk, threads]):
        content = msgspec.json.decode(text)
        events[thread].append(
            StoredEvent(occurred_at, kind, event_id, channel, content, thread=thread, received_at=received_at)
        )
    portion.threads = threads
    for thread, its_events in events.items():
        stretch = stretches[thread]
        after = stretch.after.facts if stretch.after else None
        gone, ended = find_expired(its_events, rules_of(counting), after=after, border=border(now), now=now)
        stored = {(row.facts.started_at, row.facts.ended_at, row.facts.outcome) for row in stretch.rows}
        if all((facts.started_at, facts.ended_at, facts.outcome) in stored for facts in ended):
            portion.events += gone
        else:
            logger.warning("%s: the events of thread %r stay until it was counted anew", merchant.slug, thread)
    return portion


def _archive(merchant: Merchant, day: datetime, portions: list[Portion], *, now: datetime) -> ArchivedPeriod | None:
    events = sorted(
        (event for portion in portions for event in portion.events),
        key=lambda event: (event.thread, event.occurred_at, event.id),
    )
    if not events:
        return None
    with archive_files.written(merchant, events) as part:
        keys, sha256 = _verify(part, events, now=now), archive_files.sha256_of(part)
        with transaction.atomic():
            Counting.lock(merchant)
            for portion in portions:
                if fetch_rows(_ROWS, [merchant.pk, portion.threads]) != portion.conversations:
                    raise Changed
            period = _place(merchant, day, part, sha256)
            period.n_events, period.archived_at, period.restored_at = len(events), now, None
            period.starts_at, period.ends_at = min(keys)[0], max(keys)[0]
            period.save()
            period.n_conversations = _mark(merchant, period, events)
            period.save(update_fields=["n_conversations"])
            _delete(merchant, keys)
    return period


def _verify(part: Path, events: list[StoredEvent], *, now: datetime) -> list[tuple[datetime, UUID]]:
    """The keys as they were read from the file: what is not in it cannot be deleted."""
    found = [(event.occurred_at.astimezone(UTC), event.id) for event in archive_files.read_back(part, now=now)]
    if found != [(event.occurred_at, event.id) for event in events]:
        raise ArchiveError(f"{part} does not hold what was written.")
    return found


def _place(merchant: Merchant, day: datetime, part: Path, sha256: str) -> ArchivedPeriod:
    """Puts the file under a free name. A restored file that leaves again unchanged is the same file."""
    periods = ArchivedPeriod.objects.for_merchant(merchant)
    period = periods.filter(sha256=sha256).first()
    if period is None:
        taken = set(periods.values_list("path", flat=True))
        paths = (archive_files.path_of(merchant, day.date(), number) for number in range(1, len(taken) + 2))
        period = ArchivedPeriod(merchant=merchant, path=next(path for path in paths if path not in taken))
        period.sha256, period.n_bytes = sha256, part.stat().st_size
    archive_files.put_in_place(part, archive_files.root() / period.path)
    return period


def _mark(merchant: Merchant, period: ArchivedPeriod, events: list[StoredEvent]) -> int:
    with connection.cursor() as cursor:
        messages = [event for event in events if event.type == EventType.MESSAGE_RECEIVED]
        threads, times = [event.thread for event in messages], [event.occurred_at for event in messages]
        cursor.execute(_MARK, [period.pk, threads, times, merchant.pk])
        n_marked: int = cursor.rowcount
    return n_marked


def _delete(merchant: Merchant, keys: list[tuple[datetime, UUID]]) -> None:
    times, ids = [occurred_at for occurred_at, _ in keys], [event_id for _, event_id in keys]
    with connection.cursor() as cursor:
        # The bounds are constants, so that only the chunks and packed rows of that time are touched.
        cursor.execute(_DELETE, [times, ids, merchant.pk, min(times), max(times)])
        if cursor.rowcount != len(keys):
            raise Changed
