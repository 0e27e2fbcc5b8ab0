"""All that knows TimescaleDB. Where the server offers it, `migrate` makes the events a hypertable with a columnstore;
where it does not, they are a plain table, and nothing else in the house can tell. docs/storage.md has the measurements.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.utils import DatabaseError
from psycopg import sql

logger = logging.getLogger(__name__)

TABLE = "analytics_event"
# Live batches look 90 days back (outcomes.LEAD), and planning pays for each chunk in that time: with chunks of 30 days
# that is four, with 7 days it was thirteen and took twice as long. Longer ones would leave more rows unpacked.
CHUNK = "30 days"

# The loader has settings of its own as soon as the server preloads it; without it CREATE EXTENSION ends the connection.
# Under the licence “apache” there is no columnstore.
_STATE = """
    SELECT to_regclass(%s) IS NOT NULL,
        EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb')
            AND current_setting('timescaledb.disable_load', true) IS NOT NULL
            AND current_setting('timescaledb.license', true) IS DISTINCT FROM 'apache',
        (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb')
"""
_IS_HYPERTABLE = """
    SELECT EXISTS (SELECT FROM timescaledb_information.hypertables WHERE hypertable_name = %s)
"""
_MAKE_HYPERTABLE = """
    SELECT create_hypertable(%s, by_range('occurred_at', %s::interval), create_default_indexes => false,
        migrate_data => true)
"""
# By occurred_at the rows of one merchant's conversations lie together: 5.8 times smaller, and a thread is found by the
# bloom filter that each batch of rows has, in 6 ms; ordered by thread it took 235 ms and was no smaller.
_COLUMNSTORE = f"""
    ALTER TABLE {TABLE} SET (timescaledb.enable_columnstore, timescaledb.segmentby = 'merchant_id',
        timescaledb.orderby = 'occurred_at')
"""
_POLICY = """
    SELECT (config ->> 'compress_after')::interval FROM timescaledb_information.jobs
    WHERE hypertable_name = %s AND proc_name IN ('policy_compression', 'policy_columnstore')
"""
# A batch of late events, and the archive, may unpack more rows in one statement than the default allows.
_LIMIT = "timescaledb.max_tuples_decompressed_per_dml_transaction"
_CHUNKS = """
    SELECT format('%%I.%%I', chunk_schema, chunk_name), range_start, range_end, is_compressed
    FROM timescaledb_information.chunks WHERE hypertable_name = %s ORDER BY range_start
"""
# Merchant by merchant, from both ends of the primary key (merchant, occurred_at, id).
_SPAN = f"""
    SELECT min(span.first_at), max(span.last_at) FROM portal_merchant m CROSS JOIN LATERAL (
        SELECT min(occurred_at) AS first_at, max(occurred_at) AS last_at FROM {TABLE} WHERE merchant_id = m.id
    ) AS span
"""
_SIZES = """
    SELECT hypertable_size(%s), coalesce(sum(before_compression_total_bytes), 0)::bigint,
        coalesce(sum(after_compression_total_bytes), 0)::bigint FROM chunk_columnstore_stats(%s)
"""


@dataclass(frozen=True, slots=True)
class Storage:
    """How the events are stored. `version` is TimescaleDB's, None where they are a plain table."""

    version: str | None
    first_at: datetime | None
    last_at: datetime | None
    n_bytes: int
    n_chunks: int = 1
    n_packed_chunks: int = 0
    n_bytes_before_packing: int = 0
    n_bytes_packed: int = 0


def adopt_engine() -> None:
    """Brings the table to the engine that the server offers and the deployment wants. Changes nothing the second time.

    A table with rows is moved as it is, under a lock; that takes about a minute for ten million events.
    """
    with connection.cursor() as cursor:
        cursor.execute(_STATE, [TABLE])
        has_table, is_offered, _version = cursor.fetchone()
    if not (has_table and is_offered and settings.TIMESCALEDB):
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
    except DatabaseError as error:
        logger.warning("The server offers TimescaleDB, but it cannot be used: %s", error)
        return
    _lift_limit()
    if not is_hypertable():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_MAKE_HYPERTABLE, [TABLE, CHUNK])
            cursor.execute(_COLUMNSTORE)
    _set_policy()


def _lift_limit() -> None:
    """For this session, and for all later ones of this role."""
    name = connection.settings_dict["NAME"]
    with connection.cursor() as cursor:
        cursor.execute(f"SET {_LIMIT} = 0")
        cursor.execute(
            sql.SQL(f"ALTER ROLE CURRENT_USER IN DATABASE {{}} SET {_LIMIT} = 0").format(sql.Identifier(name))
        )


def _set_policy() -> None:
    days = settings.EVENT_COLUMNSTORE_DAYS
    with connection.cursor() as cursor:
        cursor.execute(_POLICY, [TABLE])
        found = cursor.fetchone()
        if found and found[0].days == days:
            return
        cursor.execute("CALL remove_columnstore_policy(%s, if_exists => true)", [TABLE])
        cursor.execute("CALL add_columnstore_policy(%s, after => make_interval(days => %s))", [TABLE, days])


def is_hypertable() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_STATE, [TABLE])
        if cursor.fetchone()[2] is None:
            return False
        cursor.execute(_IS_HYPERTABLE, [TABLE])
        return bool(cursor.fetchone()[0])


def read_storage() -> Storage:
    with connection.cursor() as cursor:
        cursor.execute(_SPAN)
        first_at, last_at = cursor.fetchone()
        if not is_hypertable():
            cursor.execute("SELECT pg_total_relation_size(%s)", [TABLE])
            return Storage(None, first_at, last_at, cursor.fetchone()[0])
        cursor.execute(_STATE, [TABLE])
        version = cursor.fetchone()[2]
        cursor.execute(_SIZES, [TABLE, TABLE])
        n_bytes, before, packed = cursor.fetchone()
        chunks = _chunks(cursor)
    return Storage(version, first_at, last_at, n_bytes, len(chunks), sum(chunk[3] for chunk in chunks), before, packed)


def drop_empty_chunks(*, before: datetime) -> int:
    """The archive leaves chunks without rows behind; with them goes what the deleted rows still took up."""
    if not is_hypertable():
        return 0
    n_dropped = 0
    with connection.cursor() as cursor:
        old = [(name, start, end) for name, start, end, _ in _chunks(cursor) if end <= before]
    for name, start, end in old:
        with transaction.atomic(), connection.cursor() as cursor:
            # So that nothing is restored into it between the look and the drop.
            cursor.execute(f"LOCK TABLE {name} IN EXCLUSIVE MODE")
            cursor.execute(f"SELECT EXISTS (SELECT FROM {name})")
            if not cursor.fetchone()[0]:
                cursor.execute("SELECT drop_chunks(%s, older_than => %s, newer_than => %s)", [TABLE, end, start])
                n_dropped += 1
    return n_dropped


def _chunks(cursor: Any) -> list[tuple[str, datetime, datetime, bool]]:
    cursor.execute(_CHUNKS, [TABLE])
    chunks: list[tuple[str, datetime, datetime, bool]] = cursor.fetchall()
    return chunks
