"""Writes the facts of episodes to conversation rows, in bulk; a row keeps its id as long as its episode exists."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from django.db import connection, transaction
from msgspec import Struct

from analytics.bulk import ANY_MERCHANT, copy_rows, fetch_rows
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
    "first_response_ms": "bigint",
    "resolution_ms": "bigint",
    "input_tokens": "bigint",
    "output_tokens": "bigint",
    "response_ms": "bigint[]",
    "agent_cost_micros": "bigint",
}
_STORED = {"agent_cost_micros": "agent_cost"}
_COLUMNS = ", ".join(_STORED.get(name, name) for name in TYPES)
_READ_COLUMNS = ", ".join("(c.agent_cost * 1000000)::bigint" if name in _STORED else f"c.{name}" for name in TYPES)
_READ_ROW = f"c.id, c.thread, c.recontacted_at, c.archived_in_id IS NOT NULL, {_READ_COLUMNS}"
# Walks the index conversation_list (merchant, started_at, id) backwards.
_READ_ALL = f"""
    SELECT {_READ_ROW} FROM analytics_conversation c WHERE c.merchant_id = %s ORDER BY c.started_at
"""
# Of each thread the episodes from the third on that started before a moment, counted backwards. Walks the unique index
# conversation_episode (merchant, thread, episode) from the end, however many episodes a thread has.
_READ_LAST = f"""
    SELECT {_READ_ROW}
    FROM json_to_recordset(%s::json) AS touched(thread text, moment timestamptz)
    CROSS JOIN LATERAL (
        SELECT * FROM analytics_conversation c WHERE c.merchant_id = {ANY_MERCHANT} AND c.thread = touched.thread
        AND c.episode >= coalesce((
            SELECT earlier.episode FROM analytics_conversation earlier
            WHERE earlier.merchant_id = {ANY_MERCHANT} AND earlier.thread = touched.thread
            AND earlier.started_at < touched.moment
            ORDER BY earlier.episode DESC OFFSET 2 LIMIT 1
        ), 0)
        OFFSET 0
    ) AS c
    ORDER BY c.thread, c.episode
"""
_NEW_IDS = "SELECT nextval(pg_get_serial_sequence('analytics_conversation', 'id')) FROM generate_series(1, %s)"
_RECORD = ", ".join(f"{name} {kind}" for name, kind in TYPES.items())
_VALUES = ", ".join("r.agent_cost_micros / 1000000.0" if name in _STORED else f"r.{name}" for name in TYPES)
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
    is_archived: bool = False


class Writing(Struct):
    """What a recount did to the conversations of some threads."""

    before: Mapping[str, list[Row]]
    rows: dict[str, list[Row]]  # as they stand now, by episode
    changes: list[tuple[Row | None, Row | None]]  # (before, after)

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
    """In order of their starts. Streams, so that a merchant of any size fits into memory."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DECLARE every_conversation NO SCROLL CURSOR FOR {_READ_ALL}", [merchant.pk])
        while rows := (cursor.execute("FETCH 2000 FROM every_conversation"), cursor.fetchall())[1]:
            yield from map(_row, rows)
        cursor.execute("CLOSE every_conversation")


def _row(values: tuple[Any, ...]) -> Row:
    row_id, thread, recontacted_at, is_archived, *columns = values
    return Row(row_id, thread, recontacted_at, Facts(*columns), is_archived)


def last_conversations(merchant: Merchant, moments: Mapping[str, datetime]) -> dict[str, list[Row]]:
    """Of each thread, in order: three episodes that started before its moment, and all after."""
    touched = [{"thread": thread, "moment": moment} for thread, moment in moments.items()]
    asked = [msgspec.json.encode(touched).decode(), merchant.pk, merchant.pk]
    rows: dict[str, list[Row]] = {thread: [] for thread in moments}
    for row in map(_row, fetch_rows(_READ_LAST, asked)):
        rows[row.thread].append(row)
    return rows


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
        for before, facts in _pair(stored[thread], its_facts):
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
    return Writing(stored, rows, changes)


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
    ids = [row_id for (row_id,) in fetch_rows(_NEW_IDS, [len(new)])]
    rows = [Row(row_id, thread, None, facts) for row_id, (thread, facts) in zip(ids, new, strict=True)]
    copied = [(row.id, merchant.pk, updated_at, row.thread, *_columns(row.facts)) for row in rows]
    copy_rows("analytics_conversation", f"id, merchant_id, updated_at, thread, {_COLUMNS}", copied)
    return rows


def _update(rows: list[Row], updated_at: datetime) -> None:
    if not rows:
        return
    records = [{"id": row.id, **_record(row.facts)} for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE, [updated_at, msgspec.json.encode(records).decode()])


def _record(facts: Facts) -> dict[str, Any]:
    return msgspec.structs.asdict(facts) | {"response_ms": _array(facts.response_ms)}


def _columns(facts: Facts) -> tuple[Any, ...]:
    """In the order of TYPES."""
    *rest, response_ms, micros = msgspec.structs.astuple(facts)
    return (*rest, _array(response_ms), None if micros is None else Decimal(micros).scaleb(-6))


def _array(numbers: list[int]) -> str:
    """As SQL spells it: {1,2}."""
    return "{" + ",".join(map(str, numbers)) + "}"
