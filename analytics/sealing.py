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
from analytics.models import Conversation, Counting, DayQuality, DayRollup, Rollup, SealedDay
from analytics.models.sealed import BY_CLOCK
from analytics.quality_sums import COUNTS, SCORES_OF_SPAN, SUMS, SUMS_OF
from analytics.spans import HANDOFFS_OF_SPAN, HOURS_OF_SPAN
from portal.models import Merchant
from portal.periods import day_start

DAYS_AT_ONCE = 20

# Uses the unique index sealed_day_once: a moment lies within one day, which began at most a day before.
_UNSEAL = """
    WITH broken AS (
        DELETE FROM analytics_sealedday d USING unnest(%(moments)s::timestamptz[]) AS moment
        WHERE d.merchant_id = %(merchant)s AND d.starts_at <= moment AND d.starts_at > moment - interval '26 hours'
            AND d.ends_at > moment
        RETURNING d.starts_at
    ), gone AS (
        DELETE FROM analytics_dayrollup d USING broken b
        WHERE d.merchant_id = %(merchant)s AND d.starts_at = b.starts_at
    )
    DELETE FROM analytics_dayquality d USING broken b WHERE d.merchant_id = %(merchant)s AND d.starts_at = b.starts_at
"""
_DAYS = "unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS span(starts_at, ends_at)"
_HOURS_OF_DAYS = f"""
    SELECT span.starts_at, channel, language, agent_version, {", ".join(f"sum({name})" for name in COUNTERS)},
        {", ".join(f"string_agg({name}, '')" for name in HISTOGRAMS)}
    FROM {_DAYS} CROSS JOIN LATERAL ({HOURS_OF_SPAN}) AS hours
    GROUP BY 1, 2, 3, 4
"""
_SEAL_QUALITY = f"""
    INSERT INTO analytics_dayquality (merchant_id, starts_at, channel, scorer, scorer_version, rubric_version, {SUMS})
    SELECT %(merchant)s, span.starts_at, channel, scorer, scorer_version, rubric_version, {SUMS_OF}
    FROM {_DAYS} CROSS JOIN LATERAL ({SCORES_OF_SPAN}) AS scores
    GROUP BY 2, 3, 4, 5, 6
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
_SEALED = "(SELECT starts_at, ends_at FROM analytics_sealedday WHERE merchant_id = %(merchant)s) AS span"
_QUALITY_KEY = "starts_at, channel, scorer, scorer_version, rubric_version"
# Counts only: the sum of floats depends on their order, and histograms on how they were joined.
_BROKEN = f"""
    WITH kept AS (
        SELECT starts_at, channel, language, agent_version, {", ".join(f"{name}::numeric" for name in COUNTERS)}
        FROM analytics_dayrollup WHERE merchant_id = %(merchant)s
    ), counted AS (
        SELECT span.starts_at, channel, language, agent_version, {", ".join(f"sum({name})" for name in COUNTERS)}
        FROM {_SEALED} CROSS JOIN LATERAL ({HOURS_OF_SPAN}) AS hours GROUP BY 1, 2, 3, 4
    ), kept_scores AS (
        SELECT {_QUALITY_KEY}, {", ".join(f"{name}::bigint" for name in COUNTS)}
        FROM analytics_dayquality WHERE merchant_id = %(merchant)s
    ), counted_scores AS (
        SELECT span.{_QUALITY_KEY}, {", ".join(f"sum({name})" for name in COUNTS)}
        FROM {_SEALED} CROSS JOIN LATERAL ({SCORES_OF_SPAN}) AS scores GROUP BY 1, 2, 3, 4, 5
    )
    SELECT DISTINCT starts_at FROM (
        (TABLE kept EXCEPT TABLE counted) UNION ALL (TABLE counted EXCEPT TABLE kept)
    ) AS differing
    UNION
    SELECT DISTINCT starts_at FROM (
        (TABLE kept_scores EXCEPT TABLE counted_scores) UNION ALL (TABLE counted_scores EXCEPT TABLE kept_scores)
    ) AS differing ORDER BY 1
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
    for model in (SealedDay, DayRollup, DayQuality):
        model.objects.for_merchant(merchant).delete()


def recheck_days(merchant: Merchant) -> list[datetime]:
    """Compares all sealed days with their hours and scores, and unseals those that differ. Returns their starts: there
    are none, or somebody changed numbers without unsealing."""
    with transaction.atomic():
        Counting.lock(merchant)
        with connection.cursor() as cursor:
            cursor.execute(_BROKEN, {"merchant": merchant.pk})
            days = {row[0] for row in cursor.fetchall()}
        kept = list(SealedDay.objects.for_merchant(merchant))
        fresh = _sealed_days(merchant, [(day.starts_at, day.ends_at) for day in kept])
        names = (*BY_CLOCK, "handoffs")
        days |= {
            day.starts_at
            for day, again in zip(kept, fresh, strict=True)
            if any(getattr(day, name) != getattr(again, name) for name in names)
        }
        unseal(merchant, days)
    return sorted(days)


def seal_days(merchant: Merchant, *, now: datetime) -> int:
    """Seals the local days that are over, the latest first, in portions: the agent's requests wait for none of them
    long. Returns how many; a second run finds none."""
    n_sealed = 0
    while n := _seal_portion(merchant, now=now):
        n_sealed += n
    return n_sealed


def _seal_portion(merchant: Merchant, *, now: datetime) -> int:
    with transaction.atomic():
        days = _open_days(Counting.lock(merchant), now)[:DAYS_AT_ONCE]
        if not days:
            return 0
        starts, ends = map(list, zip(*days, strict=True))
        parameters: dict[str, Any] = {"merchant": merchant.pk, "starts": starts, "ends": ends}
        with connection.cursor() as cursor:
            cursor.execute(_HOURS_OF_DAYS, parameters)
            DayRollup.objects.bulk_create(_day_rollup(merchant, row) for row in cursor.fetchall())
            cursor.execute(_SEAL_QUALITY, parameters)
        SealedDay.objects.bulk_create(_sealed_days(merchant, days))
        return len(days)


def _open_days(counting: Counting, now: datetime) -> list[tuple[datetime, datetime]]:
    """(start, end) of the days that are over and not sealed, the latest first."""
    merchant, zone = counting.merchant, counting.zone
    first = Rollup.objects.for_merchant(merchant).aggregate(first=Min("hour"))["first"]
    if first is None:
        return []
    sealed = set(SealedDay.objects.for_merchant(merchant).values_list("starts_at", flat=True))
    today, first_day = now.astimezone(zone).date(), first.astimezone(zone).date()
    midnights = [
        day_start(today - timedelta(days=n), zone).astimezone(UTC) for n in range((today - first_day).days + 1)
    ]
    return [(start, end) for end, start in pairwise(midnights) if start not in sealed]


def _sealed_days(merchant: Merchant, days: list[tuple[datetime, datetime]]) -> list[SealedDay]:
    zone = Counting.objects.get(merchant=merchant).timezone
    found = {start: SealedDay(merchant=merchant, starts_at=start, ends_at=end) for start, end in days}
    for day in found.values():
        day.handoffs = {}
        for name in BY_CLOCK:
            setattr(day, name, [0] * 24)
    parameters: dict[str, Any] = {"merchant": merchant.pk, "zone": zone}
    parameters |= {"starts": list(found), "ends": [end for _start, end in days]}
    with connection.cursor() as cursor:
        cursor.execute(_CLOCK, parameters)
        for start, hour, *sums in cursor.fetchall():
            for name, amount in zip(BY_CLOCK, sums, strict=True):
                getattr(found[start], name)[hour] = amount
        cursor.execute(_HANDOFFS, parameters)
        for start, reason, n in cursor.fetchall():
            found[start].handoffs[reason] = n
    return list(found.values())


def _day_rollup(merchant: Merchant, row: tuple[Any, ...]) -> DayRollup:
    starts_at, channel, language, agent_version, *amounts = row
    counts = dict(zip(COUNTERS, amounts, strict=False))
    bins = {name: pack(unpack(packed)) for name, packed in zip(HISTOGRAMS, amounts[len(COUNTERS) :], strict=True)}
    return DayRollup(
        merchant=merchant,
        starts_at=starts_at,
        channel=channel,
        language=language,
        agent_version=agent_version,
        **counts,
        **bins,
    )
