"""PostgreSQL and Redis for one run: those that the environment names, else the embedded ones."""

import os

from portal.local_stack.addresses import run_directory, write_addresses
from portal.local_stack.given import require_database, require_redis
from portal.local_stack.postgres_server import database_url, end_leftover, postgres_child, wait_for_postgres
from portal.local_stack.redis_server import redis_child, redis_url, wait_for_redis
from portal.local_stack.supervisor import Supervisor


def start_servers(supervisor: Supervisor) -> dict[str, str]:
    """Starts the embedded ones and returns their addresses.

    Leaves DATABASE_URL and REDIS_URL in the environment, for children, and in the addresses file, for manage.py.
    """
    if given := os.environ.get("DATABASE_URL"):
        require_database(given)
    if given := os.environ.get("REDIS_URL"):
        require_redis(given)
    logs = run_directory() / "log"
    logs.mkdir(exist_ok=True)
    started = {}
    if not os.environ.get("DATABASE_URL"):
        home, log = run_directory() / "postgres", logs / "postgres.log"
        end_leftover(home)
        wait_for_postgres(home, supervisor.start(postgres_child(home, log)), log, supervisor.pause)
        started["DATABASE_URL"] = database_url(home)
    if not os.environ.get("REDIS_URL"):
        home, log = run_directory() / "redis", logs / "redis.log"
        wait_for_redis(home, supervisor.start(redis_child(home, log)), log, supervisor.pause)
        started["REDIS_URL"] = redis_url(home)
    os.environ.update(started)
    write_addresses(started)
    return started
