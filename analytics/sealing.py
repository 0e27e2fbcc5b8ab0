"""Adds up the days that are over, and takes that back the moment anything within one changes.

Hours and scores stay the truth. Whoever changes them holds the merchant's lock (models.Counting) and unseals their days
in the same transaction, and sealing takes the same lock: a sealed day equals its hours at every moment.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db import connection, transaction
from django.db.models import Min

from analytics.histogram import pack, unpack
from analytics.measures import COUNTERS, HISTOGRAMS
from analytics.models import Conversation, Counting, DayChannel, DayQuality, DayRollup, Rollup, SealedDay
from analytics.models.sealed import BY_CLOCK
from analytics.quality_sums import SCORES_OF_SPAN, SUMS, SUMS_OF
from analytics.spans import HANDOFFS_OF_SPAN, HOURS_OF_SPAN
from portal.models import Merchant
from portal.periods import day_start

DAYS_AT_ONCE = 20
SUMMED_BY: dict[type[DayRollup] | type[DayChannel], tuple[str, ...]] = {
    DayRollup: ("channel", "language", "agent_version"),
    DayChannel: ("channel",),
}
QUALITY_BY = ("channel", "agent_version", "scorer", "scorer_version", "rubric_version")

# Uses the unique index sealed_day_once: a moment lies within one day, which began at most a day before.
_UNSEAL = """
    WITH broken AS (
        DELETE FROM analytics_sealedday d USING unnest(%(moments)s::timestamptz[]) AS moment
        WHERE d.merchant_id = %(merchant)s AND d.starts_at <= moment AND d.starts_at > moment - interval '26 hours'
            AND d.ends_at > moment
        RETURNING d.starts_at
    ), rollups AS (
        DELETE FROM analytics_dayrollup d USING broken b
        WHERE d.merchant_id = %(merchant)s AND d.starts_at = b.starts_at
    ), channels AS (
        DELETE FROM analytics_daychannel d USING broken b
        WHERE d.merchant_id = %(merchant)s AND d.starts_at = b.starts_at
    )
    DELETE FROM analytics_dayquality d USING broken b WHERE d.merchant_id = %(merchant)s AND d.starts_at = b.starts_at
"""
_DAYS = "unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS span(starts_at, ends_at)"
_ADD_UP = f"""
    SELECT span.starts_at, {{keys}}, {", ".join(f"sum({name})" for name in COUNTERS)},
        {", ".join(f"string_agg({name}, '')" for name in HISTOGRAMS)}
    FROM {_DAYS} CROSS JOIN LATERAL ({HOURS_OF_SPAN}) AS hours GROUP BY span.starts_at, {{keys}}
"""
_SEAL_QUALITY = f"""
    INSERT INTO analytics_dayquality (merchant_id, starts_at, {", ".join(QUALITY_BY)}, {SUMS})
    SELECT %(merchant)s, span.starts_at, {", ".join(QUALITY_BY)}, {SUMS_OF}
    FROM {_DAYS} CROSS JOIN LATERAL ({SCORES_OF_SPAN}) AS scores GROUP BY span.starts_at, {", ".join(QUALITY_BY)}
"""
_CLOCK = f"""
    SELECT span.starts_at, extract(hour FROM hour AT TIME ZONE %(zone)s)::int,
        {", ".join(f"sum({name})::int" for name in BY_CLOCK)}
    FROM {_DAYS} CROSS JOIN LATERAL ({HOURS_OF_SPAN}) AS hours GROUP BY 1, 2
"""
_HANDOFFS = f"""
    SELECT span.starts_at, handoff_reason, count(*)
    FROM {_DAYS} CROSS JOIN LATERAL ({HANDOFFS_OF_SPAN}) AS escalated GROUP BY 1, 2
"""


def unseal(merchant: Merchant, moments: Iterable[datetime]) -> None:
    """The days of these moments are read hour by hour again. The caller holds the lock."""
    with connection.cursor() as cursor:
        cursor.execute(_UNSEAL, {"merchant": merchant.pk, "moments": list(moments)})


def unseal_conversations(merchant: Merchant, ids: Iterable[int]) -> None:
    """The days in which these conversations started. The caller holds the lock."""
    starts = Conversation.objects.for_merchant(merchant).filter(pk__in=list(ids))
    unseal(merchant, starts.values_list("started_at", flat=True))


def unseal_all(merchant: Merchant) -> None:
    """The caller holds the lock."""
    for model in (SealedDay, DayRollup, DayChannel, DayQuality):
        model.objects.for_merchant(merchant).delete()


def seal_days(merchant: Merchant, *, now: datetime) -> int:
    """Seals the local days that are over, the latest first, in portions: the agent's requests wait for none of them
    long. Returns how many; a second run finds none."""
    n_sealed = 0
    while n := _seal_portion(merchant, now=now):
        n_sealed += n
    return n_sealed


def _seal_portion(merchant: Merchant, *, now: datetime) -> int:
    with transaction.atomic():
        counting = Counting.lock(merchant)
        days = _open_days(counting, now)[:DAYS_AT_ONCE]
        if days:
            for model, keys in SUMMED_BY.items():
                _add_up(merchant, model, keys, _bounds(merchant, days))
            with connection.cursor() as cursor:
                cursor.execute(_SEAL_QUALITY, _bounds(merchant, days))
            SealedDay.objects.bulk_create(build_days(counting, days))
        return len(days)


def _open_days(counting: Counting, now: datetime) -> list[tuple[datetime, datetime]]:
    """(start, end) of the days that are over and not sealed, the latest first."""
    merchant, zone = counting.merchant, counting.zone
    first = Rollup.objects.for_merchant(merchant).aggregate(first=Min("hour"))["first"]
    if first is None:
        return []
    sealed = set(SealedDay.objects.for_merchant(merchant).values_list("starts_at", flat=True))
    today, first_day = now.astimezone(zone).date(), first.astimezone(zone).date()
    n_days = (today - first_day).days + 1
    midnights = [day_start(today - timedelta(days=n), zone).astimezone(UTC) for n in range(n_days)]
    return [(start, end) for end, start in pairwise(midnights) if start not in sealed]


def _bounds(merchant: Merchant, days: list[tuple[datetime, datetime]]) -> dict[str, Any]:
    return {"merchant": merchant.pk, "starts": [day[0] for day in days], "ends": [day[1] for day in days]}


def _add_up(
    merchant: Merchant, model: type[DayRollup] | type[DayChannel], keys: tuple[str, ...], bounds: dict[str, Any]
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_ADD_UP.format(keys=", ".join(keys)), bounds)
        rows = [dict(zip(("starts_at", *keys, *COUNTERS, *HISTOGRAMS), row, strict=True)) for row in cursor.fetchall()]
    for row in rows:
        row |= {name: pack(unpack(row[name])) for name in HISTOGRAMS}
    summed: list[Any] = [model(merchant=merchant, **row) for row in rows]
    model.objects.bulk_create(summed)


def build_days(counting: Counting, days: list[tuple[datetime, datetime]]) -> list[SealedDay]:
    """The rows of these days with what they hold themselves, not stored."""
    merchant = counting.merchant
    found = {start: SealedDay(merchant=merchant, starts_at=start, ends_at=end, handoffs={}) for start, end in days}
    for day in found.values():
        for name in BY_CLOCK:
            setattr(day, name, [0] * 24)
    with connection.cursor() as cursor:
        cursor.execute(_CLOCK, _bounds(merchant, days) | {"zone": counting.timezone})
        for start, hour, *sums in cursor.fetchall():
            for name, amount in zip(BY_CLOCK, sums, strict=True):
                getattr(found[start], name)[hour] = amount
        cursor.execute(_HANDOFFS, _bounds(merchant, days))
        for start, reason, n in cursor.fetchall():
            found[start].handoffs[reason] = n
    return list(found.values())
