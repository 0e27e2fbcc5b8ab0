"""How much one key and one merchant may ask in a minute, counted in Redis, so that it holds over all web processes.

Every limit is a bucket that holds a minute's allowance and fills evenly. One request is charged to all of its buckets,
or to none, in one round trip. Without Redis nothing is limited: a merchant's numbers matter more than the limit.
"""

import logging
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, cast

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.commands.core import Script
from redis.retry import Retry
from rest_framework import exceptions, status
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from portal.models import ApiKey

if TYPE_CHECKING:  # DRF loads this file before its own views
    from rest_framework.views import APIView

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 0.25
# How long a Redis that failed is not asked, so that requests do not wait for it one after the other.
SECONDS_WITHOUT_REDIS = 5
SECONDS_BETWEEN_COMPLAINTS = 60

# A bucket is one number: the microsecond at which it will be full again (GCRA). Redis' own clock, because those of the
# web machines differ. A cost above the whole bucket is let through when the bucket is full, and is then paid off.
CHARGE = """
    local time = redis.call('TIME')
    local now, minute = time[1] * 1000000 + time[2], 60000000
    local full_at, longest, refused = {}, 0, 0
    for i, bucket in ipairs(KEYS) do
        local price = ARGV[2 * i] * minute / ARGV[2 * i - 1]
        local stands_at = math.max(tonumber(redis.call('GET', bucket) or 0), now)
        local wait = stands_at + math.min(price, minute) - now - minute
        if wait > longest then longest, refused = wait, i end
        full_at[i] = stands_at + price
    end
    if refused == 0 then
        for i, bucket in ipairs(KEYS) do
            redis.call('SET', bucket, string.format('%.0f', full_at[i]), 'PX', math.ceil((full_at[i] - now) / 1000) + 1)
        end
    end
    return {refused, math.ceil(longest / 1000)}
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """`name` is what the answer calls it; `owner` is the bucket's, such as `key:7`."""

    name: str
    owner: str
    per_minute: int
    cost: int


class TooMuchError(exceptions.APIException):
    """429 that names the limit and says when to come again."""

    status_code = status.HTTP_429_TOO_MANY_REQUESTS

    def __init__(self, limit: Limit, wait_seconds: float) -> None:
        self.wait = wait_seconds
        seconds = math.ceil(wait_seconds)
        super().__init__(f"The limit is {limit.per_minute:,} {limit.name} in a minute. Try again in {seconds} seconds.")
        self.limit = {"name": limit.name, "per_minute": limit.per_minute, "retry_after_seconds": seconds}


class ReadThrottle(BaseThrottle):
    """Every REST view but that of events has it, from the settings."""

    def allow_request(self, request: Request, view: "APIView") -> bool:
        if request.auth:
            key = cast(ApiKey, request.auth)
            charge(
                key,
                [
                    Limit("requests of one key", f"key:{key.pk}", settings.API_REQUESTS_PER_KEY, 1),
                    Limit("requests of one merchant", "merchant", settings.API_REQUESTS_PER_MERCHANT, 1),
                ],
            )
        return True


def charge_batch(key: ApiKey, *, n_events: int, n_bytes: int) -> None:
    """Raises TooMuchError, and then nothing was charged."""
    charge(
        key,
        [
            Limit("batches of one key", f"key:{key.pk}", settings.INGEST_REQUESTS_PER_KEY, 1),
            Limit("batches of one merchant", "merchant", settings.INGEST_REQUESTS_PER_MERCHANT, 1),
            Limit("events of one merchant", "merchant", settings.INGEST_EVENTS_PER_MERCHANT, n_events),
            Limit("bytes of one merchant", "merchant", settings.INGEST_BYTES_PER_MERCHANT, n_bytes),
        ],
    )


def charge(key: ApiKey, limits: Sequence[Limit]) -> None:
    """Charges all or none of them. Raises TooMuchError with the one that has to wait longest."""
    charge_merchant(key.merchant_id, limits)


def charge_merchant(merchant_id: int, limits: Sequence[Limit]) -> None:
    """The same for what a merchant does without a key."""
    held = [limit for limit in limits if limit.per_minute and limit.cost]
    if not held:
        return
    # The braces keep a merchant's buckets together where Redis is a cluster.
    buckets = [f"limit:{{{merchant_id}}}:{limit.owner}:{limit.name.replace(' ', '_')}" for limit in held]
    numbers = [number for limit in held for number in (limit.per_minute, limit.cost)]
    refused, wait_ms = _ledger_at(settings.REDIS_URL).run(buckets, numbers)
    if refused:
        raise TooMuchError(held[refused - 1], wait_ms / 1000)


class Ledger:
    """The script on one Redis, and how long that Redis is left alone after it failed."""

    def __init__(self, url: str) -> None:
        client = redis.Redis.from_url(
            url,
            socket_connect_timeout=TIMEOUT_SECONDS,
            socket_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 1),
        )
        self._script: Script = client.register_script(CHARGE)
        self._asked_again_at = self._complains_again_at = 0.0

    def run(self, buckets: list[str], numbers: list[int]) -> tuple[int, int]:
        """The number of the bucket that refuses, counted from 1, and its milliseconds to wait; (0, 0) if none does."""
        now = time.monotonic()
        if now < self._asked_again_at:
            return 0, 0
        try:
            refused, wait_ms = cast(list[int], self._script(keys=buckets, args=numbers))
        except (redis.RedisError, OSError) as error:
            self._asked_again_at = now + SECONDS_WITHOUT_REDIS
            if now >= self._complains_again_at:
                self._complains_again_at = now + SECONDS_BETWEEN_COMPLAINTS
                logger.warning("Nothing is limited, because Redis fails: %s", type(error).__name__)
            return 0, 0
        return refused, wait_ms


@cache
def _ledger_at(url: str) -> Ledger:
    return Ledger(url)
