"""The servers that the environment names instead of the embedded ones. No message shows a password."""

from urllib.parse import urlsplit

import psycopg
import redis

from portal.local_stack.errors import StackError

SECONDS_TO_ANSWER = 5


def require_database(url: str) -> None:
    if urlsplit(url).scheme not in {"postgresql", "postgres"}:
        raise StackError("DATABASE_URL must begin with postgresql://")
    try:
        psycopg.connect(url, connect_timeout=SECONDS_TO_ANSWER).close()
    except psycopg.Error as error:
        raise StackError(f"DATABASE_URL: no PostgreSQL at {_place(url)}: {_reason(error, url)}") from error


def require_redis(url: str) -> None:
    readable = url.replace("redis+socket://", "unix://", 1)
    if urlsplit(readable).scheme not in {"redis", "rediss", "unix"}:
        raise StackError("REDIS_URL must begin with redis://, rediss:// or unix://")
    try:
        with redis.Redis.from_url(readable, socket_connect_timeout=SECONDS_TO_ANSWER) as client:
            client.ping()
    except (redis.exceptions.RedisError, ValueError) as error:
        raise StackError(f"REDIS_URL: no Redis at {_place(url)}: {_reason(error, url)}") from error


def _place(url: str) -> str:
    """The address without user, password and options."""
    parts = urlsplit(url)
    return f"{parts.netloc.rpartition('@')[2]}{parts.path}"


def _reason(error: Exception, url: str) -> str:
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0].strip()
    password = urlsplit(url).password
    return reason.replace(password, "…") if password else reason
