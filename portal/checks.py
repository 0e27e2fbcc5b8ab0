"""System checks: what would fail later and further from its cause. `migrate` and `check --deploy` run them."""

import os
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Caution
from django.db import connections

from portal.prices import find_price

LOCAL_HOSTS = {"localhost", "127.0.0.1", "[::1]", "testserver"}
TIMESCALE_ENGINE = "timescale.db.backends.postgresql"
REDIS_SCHEMES = {"redis", "rediss", "unix"}


def is_public() -> bool:
    """Whether this site answers to more than this machine."""
    return settings.SESSION_COOKIE_SECURE or not LOCAL_HOSTS.issuperset(settings.ALLOWED_HOSTS)


@register(Tags.security)
def secret_key_is_shared(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    if not is_public() or os.environ.get("SECRET_KEY"):
        return []
    hint = "Two web processes on two machines would each sign with a key of their own. Set a long random SECRET_KEY."
    return [Error("SECRET_KEY is not set, but the site is public.", hint=hint, id="portal.E001")]


@register(Tags.database)
def server_has_extensions(
    app_configs: Sequence[Any] | None, databases: Iterable[str] | None, **_: Any
) -> list[CheckMessage]:
    messages: list[CheckMessage] = []
    for alias in databases or ():
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT name FROM pg_available_extensions WHERE name IN ('vector', 'timescaledb')")
            available = {name for (name,) in cursor.fetchall()}
        if "vector" not in available:
            hint = "Install pgvector on the server, for example the Debian package postgresql-18-pgvector."
            messages.append(Error("The PostgreSQL server does not offer pgvector.", hint=hint, id="portal.E002"))
        if settings.DATABASES[alias]["ENGINE"] == TIMESCALE_ENGINE and "timescaledb" not in available:
            hint = "Unset DATABASE_ENGINE, or install TimescaleDB on the server."
            messages.append(
                Error("DATABASE_ENGINE wants TimescaleDB, which the server lacks.", hint=hint, id="portal.E003")
            )
    return messages


@register()
def broker_is_redis(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    if urlsplit(settings.REDIS_URL).scheme in REDIS_SCHEMES:
        return []
    return [Error("REDIS_URL must begin with redis://, rediss:// or unix://.", id="portal.E004")]


@register(deploy=True)
def broker_answers(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    if broker_is_redis(app_configs):
        return []
    import redis  # noqa: PLC0415 - nothing else of a command needs it

    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=5) as client:
            client.ping()
    except redis.exceptions.RedisError:
        hint = "Reports, quality scores, gaps and drafts wait until the broker answers."
        return [Caution("No Redis answers at REDIS_URL.", hint=hint, id="portal.W001")]
    return []


@register(deploy=True)
def mail_can_be_delivered(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    messages: list[CheckMessage] = []
    if not os.environ.get("EMAIL_URL"):
        hint = "Set EMAIL_URL=smtp+tls://user:password@host:587"
        messages.append(
            Caution("EMAIL_URL is not set: reports are written to files, not sent.", hint=hint, id="portal.W002")
        )
    if urlsplit(settings.SITE_URL).hostname in LOCAL_HOSTS:
        hint = "Set SITE_URL to the address that people type."
        messages.append(
            Caution("SITE_URL names this machine, so links in mails lead nowhere.", hint=hint, id="portal.W003")
        )
    return messages


@register()
def model_has_a_price(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    if not settings.OPENAI_API_KEY or find_price(settings.OPENAI_MODEL):
        return []
    hint = "Set OPENAI_INPUT_PRICE and OPENAI_OUTPUT_PRICE (0 for your own model), or no budget can stop its calls."
    return [Caution(f"What {settings.OPENAI_MODEL} costs is unknown.", hint=hint, id="portal.W004")]
