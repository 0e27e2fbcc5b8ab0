"""Counts a merchant anew from its events: after a change of settings or rules, and nightly to prove the numbers."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from analytics import rollup
from analytics.measures import COUNTERS, Amounts, Bucket
from analytics.models import Channel, Conversation, Counting, Event, Outcome, Reconciliation, Recount
from analytics.outcomes import Rules
from analytics.recontacts import relink_all
from analytics.recount_progress import end_needless_job, shown_as_job
from analytics.stretches import read_stretches, read_whole_threads
from analytics.threads import next_update_time, refresh_threads, rules_of
from portal.models import Merchant

THREADS_AT_ONCE = 1000
DIFFERENCES_KEPT = 20

Window = tuple[datetime, datetime]  # half-open
Report = Callable[[int], None]


class RecountRunningError(Exception):
    """Somebody else counts this merchant anew."""


def end_idle_conversations(merchant: Merchant, *, now: datetime) -> int:
    """Ends the conversations without a message for T. Returns how many changed; a second run changes nothing."""
    n_changed = 0
    while True:
        with transaction.atomic():
            counting = Counting.lock(merchant)
            idle = Conversation.objects.for_merchant(merchant).filter(_is_idle(rules_of(counting), now))
            # From the idle conversation on: the months before it may lie in the columnstore.
            moments = dict(idle.order_by("last_event_at").values_list("thread", "started_at")[:THREADS_AT_ONCE])
            if not moments:
                return n_changed
            n_changed += refresh_threads(counting, read_stretches(merchant, moments), now=now)


def _is_idle(rules: Rules, now: datetime) -> Q:
    """Uses the index conversation_open."""
    email = Q(channel=Channel.EMAIL, last_event_at__lte=now - rules.email_idle)
    chat = Q(last_event_at__lte=now - rules.chat_idle) & ~Q(channel=Channel.EMAIL)
    return Q(outcome=Outcome.OPEN) & (email | chat)


def recount_if_outdated(merchant: Merchant, *, now: datetime) -> bool:
    """Counts a merchant anew whose settings have changed since its numbers were counted, or ends what was begun."""
    found = Counting.objects.select_related("merchant").filter(merchant=merchant).first()
    begun = Recount.objects.for_merchant(merchant).first()
    if begun and begun.is_held(timezone.now()):
        return False
    if found is None or not (found.is_outdated or begun):
        end_needless_job(merchant)
        return False
    with shown_as_job(merchant) as report:
        recount_merchant(merchant, now=now, report=report)
    return True


def recount_merchant(
    merchant: Merchant, *, now: datetime, window: Window | None = None, report: Report | None = None
) -> Reconciliation:
    """All conversations and rollups from the events, under the merchant's settings of now; with a `window` only the
    threads with a conversation that started in it.

    The threads go in portions, so that the agent's requests wait a second rather than the whole recount, and an
    interrupted one goes on where it stopped; the rollups follow in one transaction. `report` is told how many threads
    were counted so far. Raises RecountRunningError.
    """
    return _count(merchant, _begin(merchant, window, adopts_settings=True), now=now, report=report)


def reconcile(merchant: Merchant, *, now: datetime) -> Reconciliation:
    """Recounts everything under the settings that the numbers were counted with, stores how many buckets differed from
    what was kept, and leaves the recount in place. Raises RecountRunningError."""
    return _count(merchant, _begin(merchant), now=now)


def _count(merchant: Merchant, progress: Recount, *, now: datetime, report: Report | None = None) -> Reconciliation:
    try:
        for threads in _threads(merchant, progress):
            with transaction.atomic():
                counting = Counting.lock(merchant)
                stretches = read_whole_threads(merchant, threads)
                n_changed = refresh_threads(counting, stretches, now=now, trusts_messages=False)
                progress.advance(threads[-1], n_threads=len(threads), n_changed=n_changed, at=timezone.now())
            if report:
                report(progress.n_threads)
        return _repair(merchant, progress, now=now)
    except BaseException:
        Recount.objects.for_merchant(merchant).update(held_at=None)
        raise


def _begin(merchant: Merchant, window: Window | None = None, *, adopts_settings: bool = False) -> Recount:
    """Goes on with one that was interrupted and is of the same window and settings. Changed settings hold for all."""
    with transaction.atomic():
        counting = Counting.lock(merchant)
        begun = Recount.objects.for_merchant(merchant).first()
        if begun and begun.is_held(timezone.now()):
            raise RecountRunningError(f"{merchant.slug} is being counted anew right now.")
        if adopts_settings and counting.is_outdated:
            counting.adopt_settings()
            begun = window = None
        start, end = window or (None, None)
        if begun is None or (begun.start, begun.end) != (start, end):
            begun = Recount(merchant=merchant, start=start, end=end)
        begun.held_at = timezone.now()
        begun.save()
        return begun


def _threads(merchant: Merchant, progress: Recount) -> Iterator[list[str]]:
    """In portions, each read after the one before was written; walks the index event_thread, or conversation_episode
    for a window."""
    rows: QuerySet[Any] = Event.objects.for_merchant(merchant)
    if progress.start:
        rows = Conversation.objects.for_merchant(merchant)
        rows = rows.filter(started_at__gte=progress.start, started_at__lt=progress.end)
    while True:
        threads = rows.filter(thread__gt=progress.after).order_by("thread").values_list("thread", flat=True)
        portion = list(threads.distinct()[:THREADS_AT_ONCE])
        if not portion:
            return
        yield portion


def _repair(merchant: Merchant, progress: Recount, *, now: datetime) -> Reconciliation:
    """Compares the rollups with the conversations, stores what differed, and replaces them where something did."""
    with transaction.atomic():
        counting = Counting.lock(merchant)
        n_relinked = relink_all(counting, updated_at=next_update_time(merchant, now))
        n_buckets = n_differing = 0
        differences: list[dict[str, Any]] = []
        for stored, recounted in rollup.side_by_side(counting):
            n_buckets += len(recounted)
            differing = [key for key in stored.keys() | recounted.keys() if _differs(stored, recounted, key)]
            n_differing += len(differing)
            room = DIFFERENCES_KEPT - len(differences)
            differences += [_difference(stored, recounted, key) for key in sorted(differing)[:room]]
        if n_differing:
            rollup.recompute(counting)
        if progress.start is None:
            counting.counted_at = now
            counting.save(update_fields=["counted_at"])
        progress.delete()
        return Reconciliation.objects.create(
            merchant=merchant,
            checked_at=now,
            n_buckets=n_buckets,
            n_conversations_changed=progress.n_changed + n_relinked,
            n_buckets_changed=n_differing,
            differences=differences,
        )


def _amounts(buckets: rollup.Deltas, key: Bucket) -> Amounts:
    return buckets.get(key, Amounts({}, {}))


def _differs(stored: rollup.Deltas, recounted: rollup.Deltas, key: Bucket) -> bool:
    difference = Amounts({}, {})
    difference.add(_amounts(stored, key))
    difference.add(_amounts(recounted, key), sign=-1)
    return not difference.is_zero


def _difference(stored: rollup.Deltas, recounted: rollup.Deltas, key: Bucket) -> dict[str, Any]:
    kept, counted = _amounts(stored, key).counts, _amounts(recounted, key).counts
    names = [name for name in COUNTERS if kept.get(name, 0) != counted.get(name, 0)]
    return {
        "hour": key.hour.isoformat(),
        "channel": key.channel,
        "language": key.language,
        "agent_version": key.agent_version,
        "stored": {name: kept.get(name, 0) for name in names},
        "recounted": {name: counted.get(name, 0) for name in names},
    }
