"""Rows to and from PostgreSQL in bulk, where Django's and psycopg's Python would take longer than the database."""

from collections.abc import Sequence
from typing import Any

import msgspec
from django.db import connection
from psycopg.types.datetime import TimestamptzLoader

# What statements that look rows up by an index write for the merchant, and OFFSET 0 in their subqueries. The planner
# then asks how many rows merchants have, instead of how many this one had at the last ANALYZE: of a new one it knows
# nothing, and takes any index that begins with the merchant, or joins with all of its rows.
ANY_MERCHANT = "(SELECT %s::bigint)"


def copy_rows(table: str, columns: str, rows: Sequence[Sequence[Any]]) -> None:
    """Times and ids become text by msgspec, which takes a tenth of the time of psycopg's own adapters."""
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        for row in msgspec.to_builtins(rows):
            copy.write_row(row)


def fetch_rows(query: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Times arrive in UTC. psycopg's loader of them is compiled; Django's, which replaces it, costs 6 µs each."""
    with connection.cursor() as cursor:
        cursor.cursor.adapters.register_loader("timestamptz", TimestamptzLoader)
        cursor.execute(query, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
