"""Brings conversations, messages and rollups in line with the events of some threads, in one transaction.

Facts are computed before and after, and the difference goes to the rollups: whoever calls this twice adds nothing.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import msgspec
from django.db import connection

from analytics import rollup
from analytics.bulk import fetch_rows
from analytics.conversations import Row, Writing, record_conversations
from analytics.measures import Amounts, bucket_of, measure, refutation
from analytics.messages import record_messages
from analytics.models import Counting, Outcome
from analytics.outcomes import Facts, Rules, ThreadEvent, read_episodes
from analytics.recontacts import Contact, link_recontacts
from analytics.spam_marks import apply_decisions, find_decisions
from analytics.stretches import Stretch
from portal.models import Merchant

# Uses the index conversation_updated.
_LATEST_UPDATE = "SELECT max(updated_at) FROM analytics_conversation WHERE merchant_id = %s"
# Uses the index event_thread (merchant, thread, occurred_at).
_EVENTS = """
    SELECT thread, occurred_at, type, id, channel, data::text FROM analytics_event
    WHERE merchant_id = %s AND thread = ANY(%s)
"""

ThreadEvents = dict[str, list[ThreadEvent]]


def rules_of(counting: Counting) -> Rules:
    return Rules(
        chat_idle=timedelta(hours=counting.chat_idle_hours), email_idle=timedelta(hours=counting.email_idle_hours)
    )


def stored_events(merchant: Merchant, threads: Iterable[str]) -> ThreadEvents:
    events: ThreadEvents = {}
    with connection.cursor() as cursor:
        cursor.execute(_EVENTS, [merchant.pk, list(threads)])
        for thread, occurred_at, kind, event_id, channel, text in cursor.fetchall():
            event = ThreadEvent(occurred_at, kind, event_id, channel, msgspec.json.decode(text))
            events.setdefault(thread, []).append(event)
    return events


def next_update_time(merchant: Merchant, now: datetime) -> datetime:
    """`updated_at` never runs backwards within a merchant, so that a client's cursor misses nothing."""
    ((latest,),) = fetch_rows(_LATEST_UPDATE, [merchant.pk])
    return now if latest is None else max(now, latest + timedelta(microseconds=1))


def refresh_threads(
    counting: Counting, stretches: Mapping[str, Stretch], *, now: datetime, trusts_messages: bool = True
) -> int:
    """Recounts these stretches of threads from their events; `counting` was locked by the caller.

    Without `trusts_messages` every stored message is looked for. Returns how many conversations changed.
    """
    merchant = counting.merchant
    rules = rules_of(counting)
    updated_at = next_update_time(merchant, now)
    decisions = find_decisions(counting, stretches)
    facts: dict[str, list[Facts]] = {}
    events: dict[str, list[list[ThreadEvent]]] = {}
    for thread, stretch in stretches.items():
        after = stretch.after.facts if stretch.after else None
        episodes = read_episodes(stretch.events, rules, now=now, after=after)
        facts[thread] = [its_facts for its_facts, _ in episodes]
        events[thread] = [its_events for _, its_events in episodes]
        if thread in decisions:
            facts[thread] = apply_decisions(facts[thread], decisions[thread], is_whole=after is None)
    stored = {thread: stretch.rows for thread, stretch in stretches.items()}
    writing = record_conversations(merchant, stored, facts, updated_at=updated_at)
    record_messages(merchant, writing, events, trusts=trusts_messages)
    writing.delete_leftovers(merchant)
    contacts = link_recontacts(counting, writing.customer_moments(), updated_at=updated_at)
    rollup.apply(merchant, _differences(counting, writing, contacts))
    return len(writing.changes)


def _differences(counting: Counting, writing: Writing, contacts: list[Contact]) -> rollup.Deltas:
    """What the changed conversations, and the earlier ones that a re-contact refuted, add to their buckets."""
    deltas: rollup.Deltas = {}
    contacted = {contact.id: contact.after for contact in contacts}
    counted: set[int] = set()
    for before, after in writing.changes:
        if before:
            counted.add(before.id)
            _collect(counting, deltas, before, before.recontacted_at, sign=-1)
        if after:
            counted.add(after.id)
            _collect(counting, deltas, after, contacted.get(after.id, after.recontacted_at), sign=1)
    for contact in contacts:
        if contact.id in counted or contact.outcome != Outcome.RESOLVED:
            continue
        bucket = bucket_of(contact, counting.zone)
        for moment, sign in ((contact.before, -1), (contact.after, 1)):
            counts = refutation(is_recontacted=moment is not None, is_disputed=contact.is_disputed)
            rollup.collect(deltas, bucket, Amounts(counts, {}), sign)
    return deltas


def _collect(
    counting: Counting, deltas: rollup.Deltas, row: Row, recontacted_at: datetime | None, *, sign: int
) -> None:
    rollup.collect(deltas, bucket_of(row.facts, counting.zone), measure(row.facts, recontacted_at), sign)
