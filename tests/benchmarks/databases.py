"""A database of its own for each size, on the server of the run; kept and used again while its recipe is the same."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
from django.core.management import call_command
from django.db import connection
from psycopg import sql

from tests.benchmarks.dataset import build_dataset

ROOT = Path(__file__).resolve().parents[2]
# What decides how the rows look.
RECIPE = (
    "tests/benchmarks/dataset*.py",
    "analytics/outcomes.py",
    "analytics/measures.py",
    "analytics/histogram.py",
    "analytics/rollup*.py",
    "*/migrations/0*.py",
)
# Calendar periods and maturity still mean the same a few days later.
GROWS_OLD = timedelta(days=5)


@dataclass(frozen=True, slots=True)
class Built:
    """`anchor` is the day after the last one with conversations."""

    name: str
    n_events: int
    anchor: date
    url: str


def prepare(n_events: int) -> Built:
    """Builds the database unless it is there."""
    prefix = f"bench_{n_events}_"
    recipe = hashlib.sha256(b"".join(path.read_bytes() for path in _recipe())).hexdigest()[:10]
    today = datetime.now(UTC).date()
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        names = [
            row[0] for row in server.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix])
        ]
        for name in names:
            anchor = date.fromisoformat(name.split("_")[3]) if name.count("_") == 3 else None
            if anchor and name.split("_")[2] == recipe and today - anchor <= GROWS_OLD:
                return Built(name, n_events, anchor, _url(name))
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
        unfinished = f"{prefix}unfinished"
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(unfinished)))
        with used(unfinished):
            call_command("migrate", verbosity=0)
            build_dataset(n_events, anchor=today)
        name = f"{prefix}{recipe}_{today.isoformat()}"
        server.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*map(sql.Identifier, (unfinished, name))))
    return Built(name, n_events, today, _url(name))


@contextmanager
def used(name: str) -> Iterator[None]:
    """Django's connection leads to this database meanwhile."""
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


def _recipe() -> list[Path]:
    return sorted(path for pattern in RECIPE for path in ROOT.glob(pattern))


def _url(name: str) -> str:
    path, _, query = os.environ["DATABASE_URL"].partition("?")
    return f"{path.rpartition('/')[0]}/{name}?{query}"
