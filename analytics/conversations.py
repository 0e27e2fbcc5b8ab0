"""Writes the facts of episodes to conversation rows, in bulk; a row keeps its id as long as its episode exists."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection, transaction
from msgspec import Struct

from analytics.models import Conversation
from analytics.outcomes import Facts
from portal.models import Merchant

# Column → PostgreSQL type, in the order of Facts.
TYPES = {
    "episode": "smallint",
    "channel": "text",
    "language": "text",
    "agent_version": "text",
    "customer_id": "text",
    "started_at": "timestamptz",
    "last_event_at": "timestamptz",
    "ended_at": "timestamptz",
    "outcome": "text",
    "is_confirmed": "boolean",
    "exclusion": "text",
    "handoff_reason": "text",
    "rating": "smallint",
    "is_disputed": "boolean",
    "question": "text",
    "n_customer_messages": "integer",
    "n_agent_messages": "integer",
    "n_teammate_messages": "integer",
    "response_ms": "bigint[]",
    "first_response_ms": "bigint",
    "resolution_ms": "bigint",
    "input_tokens": "bigint",
    "output_tokens": "bigint",
    "agent_cost_micros": "bigint",
}
_STORED = {"agent_cost_micros": "agent_cost"}
_COLUMNS = ", ".join(_STORED.get(name, name) for name in TYPES)
_VALUES = ", ".join("r.agent_cost_micros / 1000000.0" if name in _STORED else f"r.{name}" for name in TYPES)
_RECORD = ", ".join(f"{name} {kind}" for name, kind in TYPES.items())
_READ_COLUMNS = ", ".join("(agent_cost * 1000000)::bigint" if name in _STORED else name for name in TYPES)
# Uses the unique index conversation_episode (merchant, thread, episode).
_READ_ALL = f"""
    SELECT id, thread, recontacted_at, {_READ_COLUMNS} FROM analytics_conversation WHERE merchant_id = %s
"""
_READ = f"{_READ_ALL} AND thread = ANY(%s) ORDER BY thread, episode"
_INSERT = f"""
    INSERT INTO analytics_conversation (merchant_id, updated_at, thread, {_COLUMNS})
    SELECT %s, %s, r.thread, {_VALUES} FROM json_to_recordset(%s::json) AS r(thread text, {_RECORD})
    RETURNING id, thread, episode
"""
_UPDATE = f"""
    UPDATE analytics_conversation c SET updated_at = %s, ({_COLUMNS}) = ROW({_VALUES})
    FROM json_to_recordset(%s::json) AS r(id bigint, {_RECORD}) WHERE c.id = r.id
"""


class Row(Struct, frozen=True):
    """One stored conversation."""

    id: int
    thread: str
    recontacted_at: datetime | None
    facts: Facts


class Writing(Struct):
    """What a recount did to the conversations of some threads."""

    rows: dict[str, list[Row]]  # as they stand now, by episode
    changes: list[tuple[Row | None, Row | None]]  # (before, after)
    known: frozenset[int]  # the rows that stood before

    def customer_moments(self) -> Iterator[tuple[str, datetime]]:
        """Where in its customer's history each changed conversation stands and stood."""
        for change in self.changes:
            for row in change:
                if row:
                    yield row.facts.customer_id, row.facts.started_at

    def delete_leftovers(self, merchant: Merchant) -> None:
        """Episodes that a late event joined to others. Their messages have moved before."""
        gone = [before.id for before, after in self.changes if before and not after]
        if gone:
            Conversation.objects.for_merchant(merchant).filter(pk__in=gone).delete()


def all_conversations(merchant: Merchant) -> Iterator[Row]:
    """Streams, so that a merchant of any size fits into memory."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DECLARE every_conversation NO SCROLL CURSOR FOR {_READ_ALL}", [merchant.pk])
        while rows := (cursor.execute("FETCH 2000 FROM every_conversation"), cursor.fetchall())[1]:
            yield from map(_row, rows)
        cursor.execute("CLOSE every_conversation")


def _row(values: tuple[Any, ...]) -> Row:
    row_id, thread, recontacted_at, *columns = values
    return Row(row_id, thread, recontacted_at, Facts(**dict(zip(TYPES, columns, strict=True))))


def stored_conversations(merchant: Merchant, threads: Iterable[str]) -> dict[str, list[Row]]:
    stored: dict[str, list[Row]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_READ, [merchant.pk, list(threads)])
        for row in map(_row, cursor.fetchall()):
            stored.setdefault(row.thread, []).append(row)
    return stored


def record_conversations(
    merchant: Merchant,
    stored: Mapping[str, list[Row]],
    recounted: Mapping[str, list[Facts]],
    *,
    updated_at: datetime,
) -> Writing:
    """Inserts and updates what differs from what is stored."""
    new: list[tuple[str, Facts]] = []
    changes: list[tuple[Row | None, Row | None]] = []
    rows: dict[str, list[Row]] = {thread: [] for thread in recounted}
    for thread, its_facts in recounted.items():
        for before, facts in _pair(stored.get(thread, []), its_facts):
            if before is None and facts is not None:
                new.append((thread, facts))
                continue
            assert before is not None  # noqa: S101 - _pair never yields two Nones
            after = Row(before.id, thread, before.recontacted_at, facts) if facts else None
            if after:
                rows[thread].append(after)
            if before != after:
                changes.append((before, after))
    _update([after for _, after in changes if after], updated_at)
    for row in _insert(merchant, new, updated_at):
        rows[row.thread].append(row)
        changes.append((None, row))
    for its_rows in rows.values():
        its_rows.sort(key=lambda row: row.facts.episode)
    return Writing(rows, changes, frozenset(row.id for its_rows in stored.values() for row in its_rows))


def _pair(stored: list[Row], recounted: list[Facts]) -> Iterator[tuple[Row | None, Facts | None]]:
    """Which stored row is which episode: by its first message, the rest in order."""
    by_start = {row.facts.started_at: row for row in stored}
    unmatched = []
    for facts in recounted:
        if row := by_start.pop(facts.started_at, None):
            yield row, facts
        else:
            unmatched.append(facts)
    leftovers = list(by_start.values())
    for facts in unmatched:
        yield (leftovers.pop(0) if leftovers else None), facts
    for row in leftovers:
        yield row, None


def _insert(merchant: Merchant, new: list[tuple[str, Facts]], updated_at: datetime) -> list[Row]:
    if not new:
        return []
    records = [{"thread": thread, **_record(facts)} for thread, facts in new]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [merchant.pk, updated_at, msgspec.json.encode(records).decode()])
        ids = {(thread, episode): row_id for row_id, thread, episode in cursor.fetchall()}
    return [Row(ids[thread, facts.episode], thread, None, facts) for thread, facts in new]


def _update(rows: list[Row], updated_at: datetime) -> None:
    if not rows:
        return
    records = [{"id": row.id, **_record(row.facts)} for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE, [updated_at, msgspec.json.encode(records).decode()])


def _record(facts: Facts) -> dict[str, Any]:
    """As json_to_recordset wants it: arrays of SQL are texts like {1,2}."""
    return msgspec.structs.asdict(facts) | {"response_ms": "{" + ",".join(map(str, facts.response_ms)) + "}"}
