"""Takes a batch of events: decode → redact → append → recount the touched threads. Called by the API and the command.

A good event is never lost because its neighbour is bad, and the same batch again changes nothing.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from django.db import connection, transaction
from django.utils.crypto import salted_hmac
from msgspec import Struct

from analytics.body import decode_body, split_json
from analytics.events import EventError, Payload, Rejection, Started, decode_event
from analytics.models import Counting
from analytics.outcomes import ThreadEvent
from analytics.redaction import Redactor
from analytics.threads import ThreadEvents, refresh_threads, stored_events
from portal.models import Merchant

__all__ = ["IngestResult", "decode_body", "ingest_events"]

RawEvent = dict[str, Any] | msgspec.Raw | bytes

# A resend keeps the row that is there: the primary key is (merchant, occurred_at, id).
_APPEND = """
    INSERT INTO analytics_event (merchant_id, occurred_at, id, type, channel, thread, data, received_at)
    SELECT %s, e.occurred_at, e.id, e.type, e.channel, e.thread, e.data, %s
    FROM json_to_recordset(%s::json)
        AS e(id uuid, occurred_at timestamptz, type text, channel text, thread text, data jsonb)
    ON CONFLICT DO NOTHING
    RETURNING id, occurred_at
"""


class IngestResult(Struct, frozen=True):
    accepted: int
    duplicates: int
    rejected: list[Rejection]


class Accepted(Struct, frozen=True):
    """One event that fits the contract, redacted, as it is stored."""

    id: Any
    occurred_at: datetime
    type: str
    channel: str
    thread: str
    data: dict[str, Any]


def ingest_events(merchant: Merchant, raw: Sequence[RawEvent] | bytes, *, now: datetime) -> IngestResult:
    """Appends what is new and brings all numbers up to date, in one transaction.

    `raw` is a list of events, or a JSON body. Raises BodyError for a body that is no list of events.
    """
    events, rejected = decode_events(merchant, split_json(raw) if isinstance(raw, bytes) else raw, now=now)
    unique = {(event.occurred_at, event.id): event for event in reversed(events)}
    n_accepted = append_events(merchant, list(unique.values()), now=now) if unique else 0
    return IngestResult(n_accepted, len(events) - n_accepted, rejected)


def decode_events(
    merchant: Merchant, raw: Sequence[RawEvent], *, now: datetime
) -> tuple[list[Accepted], list[Rejection]]:
    redactor = Redactor(cards=merchant.redacts_cards, emails=merchant.redacts_emails, phones=merchant.redacts_phones)
    events: list[Accepted] = []
    rejected: list[Rejection] = []
    for index, item in enumerate(raw):
        try:
            event = decode_event(item, now=now)
            redact(merchant, event.data, redactor)
        except EventError as error:
            rejected.append(Rejection(index, _find_id(item), error.field, error.error))
            continue
        events.append(
            Accepted(
                event.id,
                event.occurred_at.astimezone(UTC),
                event.type,
                event.channel,
                event.conversation_id,
                msgspec.to_builtins(event.data),
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


def append_events(merchant: Merchant, events: list[Accepted], *, now: datetime) -> int:
    """Stores the events that are new and recounts their threads. Returns how many were new."""
    with transaction.atomic():
        counting = Counting.lock(merchant)
        threads: ThreadEvents = stored_events(merchant, {event.thread for event in events})
        with connection.cursor() as cursor:
            cursor.execute(_APPEND, [merchant.pk, now, msgspec.json.encode(events).decode()])
            new = {(occurred_at, event_id) for event_id, occurred_at in cursor.fetchall()}
        touched: ThreadEvents = {}
        for event in events:
            if (event.occurred_at, event.id) in new:
                thread = touched.setdefault(event.thread, threads.get(event.thread, []))
                thread.append(ThreadEvent(event.occurred_at, event.type, event.id, event.channel, event.data))
        if touched:
            refresh_threads(counting, touched, now=now)
    return len(new)


def _find_id(item: RawEvent) -> str | None:
    """The id of a rejected event where it can be read, so that the sender finds it."""
    try:
        found = item.get("id") if isinstance(item, dict) else msgspec.json.decode(item, type=dict[str, Any]).get("id")
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    return found[:64] if isinstance(found, str) else None
