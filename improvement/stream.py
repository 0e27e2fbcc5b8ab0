"""The questions of a merchant's last half year with what became of their conversations, as arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.db import connection
from psycopg import Cursor

from analytics.models import HandoffReason
from improvement.agent_signals import Signal, Signals, read_levels
from portal.embeddings import DIMENSIONS, Vectors, model_name
from portal.models import Merchant

WINDOW = timedelta(days=182)
MAX_QUESTIONS = 100_000  # the newest; a minute and a gigabyte up to here (docs/gaps.md)
VECTORS_AT_ONCE = 5000

# Uses question_asked (merchant, asked_at) and message_once (conversation, occurred_at, event_id).
_QUERY = """
    SELECT q.id, q.text, q.asked_at, q.gap_id, q.coverage_probability, c.id, c.channel, c.outcome,
        c.handoff_reason, c.recontacted_at IS NOT NULL OR c.is_disputed, said.n, coalesce(said.cited, false),
        said.confidence, c.rating, c.recontacted_at IS NOT NULL
    FROM improvement_question q
    JOIN analytics_conversation c ON c.id = q.conversation_id
    LEFT JOIN LATERAL (
        SELECT count(*) AS n, bool_or(m.sources <> '[]'::jsonb) AS cited, min(m.confidence) AS confidence
        FROM analytics_message m WHERE m.conversation_id = c.id AND m.author = 'agent'
    ) said ON true
    WHERE q.merchant_id = %s AND q.embedding_model = %s AND q.asked_at > %s AND q.asked_at <= %s
    ORDER BY q.asked_at DESC, q.id DESC LIMIT %s
"""
# By primary key.
_VECTORS = "SELECT id, embedding FROM improvement_question WHERE id = ANY(%s)"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and its conversation."""

    question_id: int
    text: str
    asked_at: datetime
    gap_id: int | None
    probability: float | None
    conversation_id: int
    channel: str
    outcome: str
    handoff_reason: str
    is_refuted: bool
    signal: Signal
    confidence: float | None  # the lowest of the agent's answers
    rating: int | None
    is_asked_again: bool | None  # None: it is too early to say


@dataclass(frozen=True, slots=True)
class Stream:
    """Row i of `vectors` belongs to `asked[i]`; oldest first."""

    asked: Sequence[Asked]
    vectors: Vectors

    def read_signals(self) -> Signals:
        numbers = [
            (
                one.signal,
                np.nan if one.confidence is None else one.confidence,
                -1 if one.is_asked_again is None else one.is_asked_again,
                np.nan if one.rating is None else one.rating,
            )
            for one in self.asked
        ]
        sources, confidence, asked_again, rating = np.array(numbers, dtype=np.float64).reshape(-1, 4).T
        return read_levels(sources.astype(np.int_), confidence, asked_again.astype(np.int_), rating)


def load_stream(merchant: Merchant, now: datetime) -> Stream:
    with connection.cursor() as cursor:
        cursor.execute(_QUERY, [merchant.pk, model_name(), now - WINDOW, now, MAX_QUESTIONS])
        rows = cursor.fetchall()[::-1]
    settled_before = now - timedelta(days=merchant.recontact_days)
    asked = [
        Asked(
            *(row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], row[8], row[9]),
            signal=read_signal(row[8], row[10], is_cited=row[11]),
            confidence=row[12],
            rating=row[13],
            is_asked_again=True if row[14] else (False if row[2] < settled_before else None),
        )
        for row in rows
    ]
    return Stream(asked, load_vectors([one.question_id for one in asked]))


def load_vectors(question_ids: Sequence[int]) -> Vectors:
    """In their order. In binary: as text a vector is three times as long, and read digit by digit."""
    vectors = np.empty((len(question_ids), DIMENSIONS), dtype=np.float32)
    place = {question_id: row for row, question_id in enumerate(question_ids)}
    connection.ensure_connection()
    with Cursor(connection.connection) as cursor:  # Django's own binds on the client, which knows no binary results
        for start in range(0, len(question_ids), VECTORS_AT_ONCE):
            cursor.execute(_VECTORS, [question_ids[start : start + VECTORS_AT_ONCE]], binary=True)
            found = cursor.fetchall()
            # pgvector sends two bytes with the number of dimensions, two unused ones, then floats, all big-endian.
            values = np.frombuffer(b"".join(row[1] for row in found), dtype=">f4").reshape(-1, DIMENSIONS + 1)
            vectors[[place[row[0]] for row in found]] = values[:, 1:]
    return vectors


def read_signal(handoff_reason: str, n_answers: int, *, is_cited: bool) -> Signal:
    if handoff_reason == HandoffReason.MISSING_KNOWLEDGE:
        return Signal.MISSING_KNOWLEDGE
    if not n_answers:
        return Signal.UNKNOWN
    return Signal.CITED if is_cited else Signal.UNCITED
