"""Writes the messages of conversations, and moves those whose episode has changed."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection

from analytics.conversations import Writing
from analytics.outcomes import AUTHORS, ThreadEvent
from portal.models import Merchant

# Uses the index message_conversation (conversation, occurred_at).
_READ = "SELECT event_id, conversation_id FROM analytics_message WHERE conversation_id = ANY(%s)"
_INSERT = """
    INSERT INTO analytics_message (merchant_id, conversation_id, event_id, occurred_at, author, text, latency_ms,
        confidence, sources, trace_id)
    SELECT %s, r.conversation_id, r.event_id, r.occurred_at, r.author, r.text, r.latency_ms, r.confidence, r.sources,
        r.trace_id
    FROM json_to_recordset(%s::json) AS r(conversation_id bigint, event_id uuid, occurred_at timestamptz, author text,
        text text, latency_ms integer, confidence float8, sources jsonb, trace_id text)
    ORDER BY r.occurred_at
"""
_MOVE = """
    UPDATE analytics_message m SET conversation_id = u.conversation_id
    FROM unnest(%s::uuid[], %s::timestamptz[], %s::bigint[]) AS u(event_id, occurred_at, conversation_id)
    WHERE m.merchant_id = %s AND m.event_id = u.event_id AND m.occurred_at = u.occurred_at
"""


def record_messages(
    merchant: Merchant, writing: Writing, episodes: Mapping[str, Sequence[Sequence[ThreadEvent]]]
) -> None:
    """`episodes` holds, per thread, the events of each episode in order."""
    home: dict[UUID, int] = {}
    with connection.cursor() as cursor:
        if writing.known:
            cursor.execute(_READ, [list(writing.known)])
            home = dict(cursor.fetchall())
        new: list[dict[str, Any]] = []
        moved: list[tuple[ThreadEvent, int]] = []
        for thread, its_episodes in episodes.items():
            for row, events in zip(writing.rows[thread], its_episodes, strict=True):
                for message in events:
                    if message.type not in AUTHORS:
                        continue
                    if (lives_in := home.get(message.id)) is None:
                        new.append(_record(message, row.id))
                    elif lives_in != row.id:
                        moved.append((message, row.id))
        if moved:
            ids, times = [m.id for m, _ in moved], [m.occurred_at for m, _ in moved]
            cursor.execute(_MOVE, [ids, times, [row_id for _, row_id in moved], merchant.pk])
        if new:
            cursor.execute(_INSERT, [merchant.pk, msgspec.json.encode(new).decode()])


def _record(message: ThreadEvent, conversation_id: int) -> dict[str, Any]:
    told = message.data
    return {
        "conversation_id": conversation_id,
        "event_id": message.id,
        "occurred_at": message.occurred_at,
        "author": AUTHORS[message.type],
        "text": told["text"],
        "latency_ms": told.get("latency_ms"),
        "confidence": told.get("confidence"),
        "sources": told.get("sources", []),
        "trace_id": told.get("trace_id", ""),
    }
