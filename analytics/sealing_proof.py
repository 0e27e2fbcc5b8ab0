"""Proves, every night, that sealed days are what their hours, scores and conversations add up to."""

from datetime import datetime

from django.db import connection, transaction

from analytics.measures import COUNTERS
from analytics.models import Counting, SealedDay
from analytics.models.sealed import BY_CLOCK
from analytics.quality_sums import COUNTS, SCORES_OF_SPAN
from analytics.sealing import QUALITY_BY, SUMMED_BY, build_days, unseal
from analytics.spans import HOURS_OF_SPAN
from portal.models import Merchant

# Counts only: the sum of floats depends on their order, and packed histograms on how they were joined.
_DIFFERING = """
    WITH kept AS (
        SELECT starts_at, {keys}, {kept} FROM {table} WHERE merchant_id = %(merchant)s
    ), counted AS (
        SELECT span.starts_at, {keys}, {counted}
        FROM (SELECT starts_at, ends_at FROM analytics_sealedday WHERE merchant_id = %(merchant)s) AS span
        CROSS JOIN LATERAL ({rows}) AS rows GROUP BY span.starts_at, {keys}
    )
    SELECT DISTINCT starts_at FROM (
        (TABLE kept EXCEPT TABLE counted) UNION ALL (TABLE counted EXCEPT TABLE kept)
    ) AS differing
"""


def recheck_days(merchant: Merchant) -> list[datetime]:
    """Unseals the days that differ and returns their starts: there are none, or somebody changed numbers without
    unsealing."""
    with transaction.atomic():
        counting = Counting.lock(merchant)
        days = _differing_days(counting)
        for model, keys in SUMMED_BY.items():
            days |= _differing_rows(merchant, model._meta.db_table, keys, COUNTERS, HOURS_OF_SPAN)
        days |= _differing_rows(merchant, "analytics_dayquality", QUALITY_BY, COUNTS, SCORES_OF_SPAN)
        unseal(merchant, days)
    return sorted(days)


def _differing_rows(
    merchant: Merchant, table: str, keys: tuple[str, ...], counts: tuple[str, ...], rows: str
) -> set[datetime]:
    query = _DIFFERING.format(
        table=table,
        keys=", ".join(keys),
        kept=", ".join(f"{name}::numeric" for name in counts),
        counted=", ".join(f"sum({name})::numeric" for name in counts),
        rows=rows,
    )
    with connection.cursor() as cursor:
        cursor.execute(query, {"merchant": merchant.pk})
        return {row[0] for row in cursor.fetchall()}


def _differing_days(counting: Counting) -> set[datetime]:
    kept = list(SealedDay.objects.for_merchant(counting.merchant))
    fresh = build_days(counting, [(day.starts_at, day.ends_at) for day in kept])
    names = (*BY_CLOCK, "handoffs")
    return {
        day.starts_at
        for day, again in zip(kept, fresh, strict=True)
        if any(getattr(day, name) != getattr(again, name) for name in names)
    }
