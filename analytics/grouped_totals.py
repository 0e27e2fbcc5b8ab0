"""Reads rollups of some windows, grouped as asked: sealed days where they are whole, hours everywhere else."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from analytics.histogram import Histogram
from analytics.maturity import maturity_of
from analytics.measures import COUNTERS, HISTOGRAMS
from analytics.segments import DIMENSIONS, EVERYTHING, Segment
from analytics.spans import HOURS_OF_SPAN, WITH_SPANS, span_parameters
from analytics.totals import DURATIONS, Totals
from portal.models import Merchant
from portal.periods import Period

HOUR, HOUR_OF_WEEK = "date_trunc('hour', hour, %(zone)s)", "to_char(hour AT TIME ZONE %(zone)s, 'ID-HH24')"
# What cannot be read from days.
_HOURLY = {HOUR, HOUR_OF_WEEK}
# What DayChannel does not tell apart.
_FINER = ("language", "agent_version")
_RESOLUTION = timedelta(microseconds=1)

_MATURE = {
    "mature_ended": "n_resolved + n_escalated + n_abandoned",
    "mature_resolved": "n_resolved",
    "mature_recontacted": "n_recontacted",
    "mature_refuted": "n_refuted",
}
_SUMS = {name: f"sum({name})::bigint" for name in COUNTERS if not name.endswith("_sum_ms")} | {
    name: f"coalesce(sum({amount}) FILTER (WHERE hour <= CASE channel WHEN 'email' THEN %(mature_email)s "
    "ELSE %(mature_chat)s END), 0)::bigint"
    for name, amount in _MATURE.items()
}
COUNTS = tuple(_SUMS)
_BINS = dict(zip(DURATIONS, HISTOGRAMS, strict=True))
_READ = f"""
    {WITH_SPANS}
    SELECT {{keys}}, {{sums}} FROM (
        SELECT d.starts_at AS hour, {{columns}}
        FROM sealed JOIN {{days}} d ON d.merchant_id = %(merchant)s AND d.starts_at = sealed.starts_at
        UNION ALL
        SELECT hour, {{columns}} FROM rest AS span CROSS JOIN LATERAL ({HOURS_OF_SPAN}) AS hours
    ) AS parts WHERE {{wanted}} GROUP BY {{positions}}
"""


def read_totals(
    merchant: Merchant,
    windows: Sequence[Period],
    keys: tuple[str, ...],
    *,
    now: datetime | None,
    segment: Segment = EVERYTHING,
    counts: tuple[str, ...] = COUNTS,
    durations: tuple[str, ...] = DURATIONS,
    **parameters: Any,
) -> dict[Any, Totals]:
    """By constant SQL expressions: one is the key, several are a tuple as key. Only the named fields of Totals are read
    and filled: the histograms cost more than half of the time.

    Days that are over are read whole where they are sealed, the rest hour by hour over the unique index rollup_bucket.
    """
    maturity = maturity_of(merchant, now or timezone.now())
    # An hour that is mature counts as such; a day that is only partly so is read by the hour.
    cuts = [moment + _RESOLUTION for moment in (maturity.chat, maturity.email)] if set(counts) & set(_MATURE) else []
    parameters |= segment.chosen | {"mature_chat": maturity.chat, "mature_email": maturity.email}
    parameters |= span_parameters(merchant, windows, cuts=cuts, reads_days=not _HOURLY & set(keys))
    n_keys = len(keys)
    query = _READ.format(
        keys=", ".join(keys),
        sums=", ".join([*(_SUMS[name] for name in counts), *(_merge(_BINS[name]) for name in durations)]),
        wanted=" AND ".join(("TRUE", *(f"{name} = %({name})s" for name in segment.chosen))),
        positions=", ".join(str(number + 1) for number in range(n_keys)),
        **_sources((*keys, *segment.chosen), durations),
    )
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return {
            row[0] if n_keys == 1 else row[:n_keys]: _totals_of(row[n_keys:], counts, durations)
            for row in cursor.fetchall()
        }


def _sources(asked: Sequence[str], durations: Sequence[str]) -> dict[str, str]:
    """The table of days that is fine enough, and the columns that it shares with the hours."""
    is_finer = any(name in each for name in _FINER for each in asked)
    dimensions = DIMENSIONS if is_finer else ("channel",)
    return {
        "days": "analytics_dayrollup" if is_finer else "analytics_daychannel",
        "columns": ", ".join((*dimensions, *COUNTERS, *(_BINS[name] for name in durations))),
    }


def _merge(bins: str) -> str:
    return f"string_agg({bins}, ''), sum({bins.replace('_bins', '_sum_ms')})::bigint"


def _totals_of(values: tuple[Any, ...], counts: Sequence[str], durations: Sequence[str]) -> Totals:
    bins = values[len(counts) :]
    found: dict[str, Any] = dict(zip(counts, values, strict=False))
    for number, name in enumerate(durations):
        found[name] = Histogram.from_packed(bins[2 * number], bins[2 * number + 1])
    return Totals(**found)
