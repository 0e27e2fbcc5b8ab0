"""A database of its own for each size, on the server of the run; kept and used again while its recipe is the same.

The recipe is how the rows are made; migrations run on those that are there.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
from django.core.management import call_command
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone
from psycopg import sql

from analytics.models.counting import RULES_VERSION
from analytics.sealing import seal_days
from analytics.search_index import index_changed
from portal.models import Merchant
from tests.benchmarks.dataset import build_dataset
from tests.benchmarks.knowledge import fill_knowledge

ROOT = Path(__file__).resolve().parents[2]
# Calendar periods and maturity still mean the same a few days later.
GROWS_OLD = timedelta(days=5)
LARGEST = "merchant-1"
# The other size is a tenth of it.
N_EVENTS = int(os.environ.get("BENCH_EVENTS", "2000000"))


@dataclass(frozen=True, slots=True)
class Built:
    """`anchor` is the day after the last one with conversations."""

    name: str
    n_events: int
    anchor: date
    url: str


def prepare(n_events: int) -> Built:
    """Builds the database unless it is there, and brings it to the present schema. Days are sealed and texts indexed as
    the schedule does it."""
    built = _find(n_events) or _build(n_events)
    with used(built.name):
        call_command("migrate", verbosity=0)
        for merchant in Merchant.objects.all():
            seal_days(merchant, now=timezone.now())
            while index_changed(merchant):
                pass
        fill_knowledge(Merchant.objects.get(slug=LARGEST))
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    return built


def _find(n_events: int) -> Built | None:
    """The newest of the present recipe; others of this size are dropped."""
    today, recipe = datetime.now(UTC).date(), _recipe()
    with _server() as server:
        found = server.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [f"bench_{n_events}_"])
        for (name,) in found.fetchall():
            *_, its_recipe, day = name.split("_")
            if its_recipe == recipe and today - date.fromisoformat(day) <= GROWS_OLD:
                return Built(name, n_events, date.fromisoformat(day), _url(name))
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
    return None


def _build(n_events: int) -> Built:
    today = datetime.now(UTC).date()
    name, draft = f"bench_{n_events}_{_recipe()}_{today}", f"unfinished_bench_{n_events}"
    with _server() as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(draft)))
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(draft)))
        with used(draft):
            call_command("migrate", verbosity=0)
            build_dataset(n_events, anchor=today)
        _open.pop(draft).close()
        server.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*map(sql.Identifier, (draft, name))))
    return Built(name, n_events, today, _url(name))


def _server() -> psycopg.Connection:
    return psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)


@contextmanager
def used(name: str) -> Iterator[None]:
    """Django's connection leads to this database meanwhile. It stays open for the next time: going back and forth
    between two databases must not make either one cold."""
    if name not in _open:
        _open[name] = connection.copy()
        _open[name].settings_dict["NAME"] = name
    before = connections["default"]
    connections["default"] = _open[name]
    try:
        yield
    finally:
        connections["default"] = before


_open: dict[str, BaseDatabaseWrapper] = {}


def close_all() -> None:
    for each in _open.values():
        each.close()
    _open.clear()


def drop_all(databases: Iterable[Built]) -> None:
    with _server() as server:
        for each in databases:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(each.name)))


def _recipe() -> str:
    files = b"".join(path.read_bytes() for path in sorted(ROOT.glob("tests/benchmarks/dataset*.py")))
    return hashlib.sha256(files + str(RULES_VERSION).encode()).hexdigest()[:10]


def _url(name: str) -> str:
    path, _, query = os.environ["DATABASE_URL"].partition("?")
    return f"{path.rpartition('/')[0]}/{name}?{query}"
