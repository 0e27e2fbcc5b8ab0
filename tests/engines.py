"""Databases of their own on the two engines: PostgreSQL as the run has it, and TimescaleDB where TIMESCALE_URL names a
server that has the extension (docs/storage.md)."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import environ
import psycopg
from django.db import connection
from psycopg import sql

POSTGRESQL, TIMESCALEDB = "PostgreSQL", "TimescaleDB"
CONNECTS = ("NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS")
PACK = "CALL convert_to_columnstore(%s)"


def url_of(engine: str) -> str | None:
    return os.environ["DATABASE_URL"] if engine == POSTGRESQL else os.environ.get("TIMESCALE_URL")


@contextmanager
def new_database(engine: str) -> Iterator[str]:
    """Gives its URL; it is gone at the end."""
    url = url_of(engine)
    assert url, f"there is no server with {engine}"
    name = f"engines_{uuid4().hex}"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        path, _, query = url.partition("?")
        try:
            yield f"{path.rpartition('/')[0]}/{name}?{query}"
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def used(url: str) -> Iterator[None]:
    """Django's connection leads there meanwhile."""
    before = {name: connection.settings_dict[name] for name in CONNECTS}
    asked = environ.Env.db_url_config(url)
    connection.close()
    connection.settings_dict.update({name: asked.get(name, before[name]) for name in CONNECTS})
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)


def pack_events() -> int:
    """All chunks into the columnstore, the second time also what came in since. Returns how many; 0 without chunks."""
    from analytics.timescale import is_hypertable

    if not is_hypertable():
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT show_chunks('analytics_event')::text")
        chunks = [name for (name,) in cursor.fetchall()]
        for name in chunks:
            cursor.execute(PACK, [name])
    return len(chunks)
