"""Takes a batch of events: decode → redact → append → recount the touched threads. Called by the API and the command.

A good event is never lost because its neighbour is bad, and the same batch again changes nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from django.db import connection, transaction
from django.utils.crypto import salted_hmac
from msgspec import Struct
from psycopg.errors import UniqueViolation

from analytics.body import decode_body, split_json
from analytics.bulk import copy_rows
from analytics.events import EventError, Payload, Rejection, Started, decode_event
from analytics.models import Counting
from analytics.outcomes import ThreadEvent
from analytics.redaction import Redactor
from analytics.rejections import record_rejections
from analytics.stretches import UNREAD, Stretch, read_stretches
from analytics.threads import refresh_threads
from portal.models import Merchant

__all__ = ["IngestResult", "decode_body", "ingest_events"]

_OTHER_TIME = (
    "An event with this id is known as of {:%Y-%m-%dT%H:%M:%S.%fZ}. "
    "Send it with that time again, or another event with an id of its own."
)

RawEvent = dict[str, Any] | msgspec.Raw | bytes

_COLUMNS = "merchant_id, occurred_at, id, type, channel, thread, data, received_at"
_INCOMING = """
    CREATE TEMP TABLE IF NOT EXISTS incoming_event (LIKE analytics_event) ON COMMIT DROP;
    TRUNCATE pg_temp.incoming_event
"""
_APPEND_UNKNOWN = f"""
    INSERT INTO analytics_event ({_COLUMNS}) SELECT {_COLUMNS} FROM pg_temp.incoming_event
    ON CONFLICT DO NOTHING RETURNING id::text
"""


class IngestResult(Struct, frozen=True):
    accepted: int
    duplicates: int
    rejected: list[Rejection]


class Accepted(ThreadEvent, frozen=True, kw_only=True):
    """One event that fits the contract, redacted, and its place in the batch."""

    thread: str
    index: int
    is_stored: bool = False


def ingest_events(merchant: Merchant, raw: Sequence[RawEvent] | bytes, *, now: datetime) -> IngestResult:
    """Appends what is new and brings all numbers up to date, in one transaction.

    `raw` is a list of events, or a JSON body. Raises BodyError for a body that is no list of events.
    """
    events, rejected = decode_events(merchant, split_json(raw) if isinstance(raw, bytes) else raw, now=now)
    n_accepted, refused = append_events(merchant, events, now=now) if events else (0, [])
    n_duplicates = len(events) - n_accepted - len(refused)
    rejected = sorted(rejected + refused, key=lambda rejection: rejection.index)
    if rejected:
        record_rejections(merchant, rejected, now=now)
    return IngestResult(n_accepted, n_duplicates, rejected)


def decode_events(
    merchant: Merchant, raw: Sequence[RawEvent], *, now: datetime, is_restored: bool = False
) -> tuple[list[Accepted], list[Rejection]]:
    """With `is_restored` events may be of any age."""
    redactor = Redactor(cards=merchant.redacts_cards, emails=merchant.redacts_emails, phones=merchant.redacts_phones)
    events: list[Accepted] = []
    rejected: list[Rejection] = []
    for index, item in enumerate(raw):
        try:
            event = decode_event(item, now=now, is_restored=is_restored)
            redact(merchant, event.data, redactor)
        except EventError as error:
            rejected.append(Rejection(index, _find_id(item), error.field, error.error))
            continue
        events.append(
            Accepted(
                event.occurred_at.astimezone(UTC),
                event.type,
                event.id,
                event.channel,
                msgspec.to_builtins(event.data),
                thread=event.conversation_id,
                index=index,
            )
        )
    return events, rejected


def redact(merchant: Merchant, payload: Payload, redactor: Redactor) -> None:
    """Changes the payload in place. Raises EventError where it cannot, so that nothing unredacted is stored."""
    try:
        for field in payload.free_text:
            setattr(payload, field, redactor(getattr(payload, field)))
        if isinstance(payload, Started) and redactor(payload.customer_id) != payload.customer_id:
            # Who uses addresses as ids still gets one customer per address, without the address.
            payload.customer_id = f"anon-{salted_hmac(f'customer {merchant.pk}', payload.customer_id).hexdigest()[:24]}"
    except Exception as error:
        raise EventError(
            "data", "The text could not be redacted, so the event was not stored. Send it again."
        ) from error


def append_events(merchant: Merchant, events: list[Accepted], *, now: datetime) -> tuple[int, list[Rejection]]:
    """Stores the events that are new and recounts what they reach. Returns how many were new, and what was refused."""
    with transaction.atomic():
        counting = Counting.lock(merchant)
        moments: dict[str, datetime] = {}
        for event in events:
            moments[event.thread] = min(event.occurred_at, moments.get(event.thread, event.occurred_at))
        stretches = read_stretches(merchant, moments)
        unknown, refused = _without_known(events, stretches)
        new = store_events(merchant, unknown, now=now) if unknown else []
        touched: dict[str, Stretch] = {}
        for event in new:
            if event.type not in UNREAD and stretches[event.thread].reaches(event.occurred_at):
                touched[event.thread] = stretches[event.thread]
                touched[event.thread].events.append(event)
        if touched:
            refresh_threads(counting, touched, now=now)
    return len(new), refused


def _without_known(events: list[Accepted], stretches: Mapping[str, Stretch]) -> tuple[list[Accepted], list[Rejection]]:
    """Leaves out what was sent before, and refuses what uses the id of another event."""
    times = {event.id: event.occurred_at for stretch in stretches.values() for event in stretch.events}
    unknown: list[Accepted] = []
    refused: list[Rejection] = []
    for event in events:
        known_at = times.get(event.id)
        if known_at is None:
            times[event.id] = event.occurred_at
            unknown.append(event)
        elif known_at != event.occurred_at:
            refused.append(Rejection(event.index, str(event.id), "occurred_at", _OTHER_TIME.format(known_at)))
    return unknown, refused


def store_events(merchant: Merchant, events: list[Accepted], *, now: datetime) -> list[Accepted]:
    """Returns those that were not there. The primary key is (merchant, occurred_at, id)."""
    merchant_id = merchant.pk
    rows = [
        (merchant_id, event.occurred_at, event.id, event.type, event.channel, event.thread, _json(event.data), now)
        for event in events
    ]
    try:
        with transaction.atomic():
            copy_rows("analytics_event", _COLUMNS, rows)
    except UniqueViolation:
        # Most of a resend is known by its thread. This is the rest, or what was sent for another thread before.
        return _store_unknown(events, rows)
    return events


def _store_unknown(events: list[Accepted], rows: list[tuple[Any, ...]]) -> list[Accepted]:
    """Leaves the rows that are there as they are, which COPY cannot."""
    with connection.cursor() as cursor:
        cursor.execute(_INCOMING)
        copy_rows("pg_temp.incoming_event", _COLUMNS, rows)
        cursor.execute(_APPEND_UNKNOWN)
        stored = {event_id for (event_id,) in cursor.fetchall()}
    return [event for event in events if str(event.id) in stored]


def _json(content: dict[str, Any]) -> str:
    return msgspec.json.encode(content).decode()


def _find_id(item: RawEvent) -> str | None:
    """The id of a rejected event where it can be read, so that the sender finds it."""
    try:
        found = item.get("id") if isinstance(item, dict) else msgspec.json.decode(item, type=dict[str, Any]).get("id")
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    return found[:64] if isinstance(found, str) else None
