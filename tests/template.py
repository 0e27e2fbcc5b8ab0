"""The empty tables of the tests: migrated once for each state of the migrations, then copied by every test process."""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection
from psycopg import sql

from portal.local_stack.addresses import run_directory

ROOT = Path(__file__).resolve().parents[1]
PREFIX = "migrated_"
# Migrations of our own and, by their pinned versions, of the packages; models, for their permissions.
RECIPE = ("*/migrations/0*.py", "*/models.py", "*/models/*.py", "requirements*.txt", "portal/settings.py")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix, django_db_blocker) -> None:
    """pytest-django asks here before it makes the test database. A server from outside is migrated the plain way."""
    if os.environ.get("OWN_TEST_POSTGRES"):
        with django_db_blocker.unblock():
            connection.settings_dict["TEST"] |= {"TEMPLATE": prepare_template(), "MIGRATE": False}


def prepare_template() -> str:
    """The name of the database; the first process that needs it makes it, while the others wait."""
    recipe = [path for pattern in RECIPE for path in sorted(ROOT.glob(pattern))]
    name = PREFIX + hashlib.sha256(b"".join(path.read_bytes() for path in recipe)).hexdigest()[:16]
    unfinished = sql.Identifier(f"{PREFIX}unfinished")
    with (
        (run_directory() / "tests" / "template.lock").open("w") as lock,
        psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server,
    ):
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = server.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX]).fetchall()
        if (name,) in found:
            return name
        for (outdated,) in found:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(outdated)))
        server.execute(sql.SQL("CREATE DATABASE {}").format(unfinished))
        with used(f"{PREFIX}unfinished"):
            call_command("migrate", verbosity=0)
        server.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(unfinished, sql.Identifier(name)))
    return name


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
