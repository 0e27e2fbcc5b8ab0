"""Writes the messages of conversations, and moves those whose episode has changed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection

from analytics.bulk import copy_rows, fetch_rows
from analytics.conversations import Writing
from analytics.outcomes import AUTHORS, ThreadEvent
from portal.models import Merchant

# Uses the unique index message_once (conversation, occurred_at, event_id).
_READ = "SELECT event_id, occurred_at, conversation_id FROM analytics_message WHERE conversation_id = ANY(%s)"
_COLUMNS = (
    "merchant_id, conversation_id, event_id, occurred_at, author, text, latency_ms, confidence, sources, trace_id"
)
# Uses the same index.
_MOVE = """
    UPDATE analytics_message m SET conversation_id = u.moves_to
    FROM unnest(%s::bigint[], %s::timestamptz[], %s::uuid[], %s::bigint[])
        AS u(lives_in, occurred_at, event_id, moves_to)
    WHERE m.conversation_id = u.lives_in AND m.occurred_at = u.occurred_at AND m.event_id = u.event_id
"""


def record_messages(
    merchant: Merchant, writing: Writing, episodes: Mapping[str, Sequence[Sequence[ThreadEvent]]], *, trusts: bool
) -> None:
    """`episodes` holds, per thread, the events of each episode in order; `trusts` as in refresh_threads."""
    read = {thread for thread in episodes if not (trusts and _stays(writing, thread))}
    homes = _read_homes([row.id for thread in read for row in writing.before[thread]])
    new: list[tuple[Any, ...]] = []
    moved: list[tuple[ThreadEvent, int, int]] = []
    for thread, its_episodes in episodes.items():
        for row, events in zip(writing.rows[thread], its_episodes, strict=True):
            for message in events:
                if message.type not in AUTHORS:
                    continue
                lives_in = (
                    homes.get((message.id, message.occurred_at))
                    if thread in read
                    else (row.id if message.is_stored else None)
                )
                if lives_in is None:
                    new.append(_columns(merchant, row.id, message))
                elif lives_in != row.id:
                    moved.append((message, lives_in, row.id))
    _move(moved)
    if new:
        copy_rows("analytics_message", _COLUMNS, new)


def _stays(writing: Writing, thread: str) -> bool:
    """One episode before and after: what is stored of the thread is in it, and no message needs to be looked for."""
    return len(writing.before[thread]) == len(writing.rows[thread]) == 1


def _read_homes(conversation_ids: list[int]) -> dict[tuple[UUID, datetime], int]:
    """In which conversation each stored message is."""
    if not conversation_ids:
        return {}
    return {(event_id, occurred_at): home for event_id, occurred_at, home in fetch_rows(_READ, [conversation_ids])}


def _move(moved: list[tuple[ThreadEvent, int, int]]) -> None:
    if not moved:
        return
    messages, homes, aims = zip(*moved, strict=True)
    with connection.cursor() as cursor:
        times, ids = [message.occurred_at for message in messages], [message.id for message in messages]
        cursor.execute(_MOVE, [list(homes), times, ids, list(aims)])


def _columns(merchant: Merchant, conversation_id: int, message: ThreadEvent) -> tuple[Any, ...]:
    told = message.data
    return (
        merchant.pk,
        conversation_id,
        message.id,
        message.occurred_at,
        AUTHORS[message.type],
        told["text"],
        told.get("latency_ms"),
        told.get("confidence"),
        msgspec.json.encode(told.get("sources", [])).decode(),
        told.get("trace_id", ""),
    )
