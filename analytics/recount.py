"""Counts a merchant anew from its events: after a change of settings or rules, and nightly to prove the numbers."""

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import Q

from analytics import rollup
from analytics.measures import COUNTERS, Amounts, Bucket
from analytics.models import Channel, Conversation, Counting, Event, Outcome, Reconciliation
from analytics.outcomes import Rules
from analytics.recontacts import relink_all
from analytics.recount_progress import end_waiting_jobs, shown_as_job
from analytics.stretches import read_whole_threads
from analytics.threads import next_update_time, refresh_threads, rules_of
from portal.models import Merchant

THREADS_AT_ONCE = 1000
DIFFERENCES_KEPT = 20


def end_idle_conversations(merchant: Merchant, *, now: datetime) -> int:
    """Ends the conversations without a message for T. Returns how many changed; a second run changes nothing."""
    n_changed = 0
    while True:
        with transaction.atomic():
            counting = Counting.lock(merchant)
            idle = Conversation.objects.for_merchant(merchant).filter(_is_idle(rules_of(counting), now))
            threads = set(idle.order_by("last_event_at").values_list("thread", flat=True)[:THREADS_AT_ONCE])
            if not threads:
                return n_changed
            n_changed += refresh_threads(counting, read_whole_threads(merchant, threads), now=now)


def _is_idle(rules: Rules, now: datetime) -> Q:
    """Uses the index conversation_open."""
    email = Q(channel=Channel.EMAIL, last_event_at__lte=now - rules.email_idle)
    chat = Q(last_event_at__lte=now - rules.chat_idle) & ~Q(channel=Channel.EMAIL)
    return Q(outcome=Outcome.OPEN) & (email | chat)


def recount_if_outdated(merchant: Merchant, *, now: datetime) -> bool:
    """Counts a merchant anew whose settings have changed since its numbers were counted."""
    found = Counting.objects.select_related("merchant").filter(merchant=merchant).first()
    if found is None or not found.is_outdated:
        end_waiting_jobs(merchant)
        return False
    with shown_as_job(merchant) as report:
        recount_merchant(merchant, now=now, report=report)
    return True


def recount_merchant(merchant: Merchant, *, now: datetime, report: Callable[[int], None] | None = None) -> int:
    """All conversations and rollups from the events, under the merchant's settings of now.

    The threads go in portions, so that the agent's requests wait a second rather than the whole recount; the rollups
    follow in one transaction. `report` is told how many threads were counted so far. Returns how many conversations
    changed.
    """
    with transaction.atomic():
        Counting.lock(merchant).adopt_settings()
    n_changed = n_counted = 0
    for threads in _all_threads(merchant):
        n_changed += _refresh(merchant, threads, now=now)
        n_counted += len(threads)
        if report:
            report(n_counted)
    with transaction.atomic():
        counting = Counting.lock(merchant)
        n_changed += relink_all(counting, updated_at=next_update_time(merchant, now))
        rollup.recompute(counting)
        counting.counted_at = now
        counting.save(update_fields=["counted_at"])
    return n_changed


def _all_threads(merchant: Merchant) -> Iterator[list[str]]:
    """In portions, each read after the one before was written; walks the index event_thread."""
    last = ""
    while True:
        threads = Event.objects.for_merchant(merchant).filter(thread__gt=last).order_by("thread")
        portion = list(threads.values_list("thread", flat=True).distinct()[:THREADS_AT_ONCE])
        if not portion:
            return
        yield portion
        last = portion[-1]


def _refresh(merchant: Merchant, threads: list[str], *, now: datetime) -> int:
    with transaction.atomic():
        counting = Counting.lock(merchant)
        return refresh_threads(counting, read_whole_threads(merchant, threads), now=now, trusts_messages=False)


def reconcile(merchant: Merchant, *, now: datetime) -> Reconciliation:
    """Recounts everything, stores how many buckets differed from what was kept, and leaves the recount in place."""
    n_conversations = sum(_refresh(merchant, threads, now=now) for threads in _all_threads(merchant))
    with transaction.atomic():
        counting = Counting.lock(merchant)
        n_conversations += relink_all(counting, updated_at=next_update_time(merchant, now))
        stored, recounted = rollup.read_all(merchant), rollup.recount(counting)
        differing = sorted(key for key in stored.keys() | recounted.keys() if _differs(stored, recounted, key))
        if differing:
            rollup.recompute(counting)
        return Reconciliation.objects.create(
            merchant=merchant,
            checked_at=now,
            n_buckets=len(recounted),
            n_conversations_changed=n_conversations,
            n_buckets_changed=len(differing),
            differences=[_difference(stored, recounted, key) for key in islice(differing, DIFFERENCES_KEPT)],
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
