"""Sums from which means, deviations and distributions of scores follow: additive over days, channels and versions."""

from dataclasses import dataclass
from datetime import datetime
from math import sqrt
from typing import Any

from django.db import connection

from analytics.rubric import Dimension
from analytics.spans import HOURS_OF_SPAN, WITH_SPANS, span_parameters
from portal.models import Merchant
from portal.periods import Period

STEPS = ("day", "week", "month")

FIELDS = ("overall", *map(str, Dimension))
BINS = 10
_AMOUNTS = (
    *(f"{amount}_{name}" for name in FIELDS for amount in ("n", "sum", "squares")),
    *(f"n_tenth_{number}" for number in range(BINS)),
)
COUNTS = tuple(name for name in _AMOUNTS if name.startswith("n_"))
SUMS = ", ".join(("latest_at", *_AMOUNTS))
SUMS_OF = ", ".join(("max(latest_at)", *(f"coalesce(sum({name}), 0)" for name in _AMOUNTS)))
_THRESHOLDS = ", ".join(f"{number / BINS}::float8" for number in range(1, BINS))
# One row for each score of a conversation that counts in rates and started within `span`; its columns are those of
# DayQuality. OFFSET 0 keeps it a loop over the index conversation_list: the planner takes a range for half of a table.
SCORES_OF_SPAN = f"""
    SELECT c.started_at, c.channel, c.agent_version,
        q.scorer, q.scorer_version, q.rubric_version, q.created_at AS latest_at,
        {
    ", ".join(
        f"(q.{name} IS NOT NULL)::int AS n_{name}, q.{name} AS sum_{name}, q.{name} * q.{name} AS squares_{name}"
        for name in FIELDS
    )
},
        {
    ", ".join(
        f"(width_bucket(q.overall, ARRAY[{_THRESHOLDS}]) = {number})::int AS n_tenth_{number}" for number in range(BINS)
    )
}
    FROM analytics_conversation c JOIN analytics_qualityscore q ON q.conversation_id = c.id
    WHERE c.merchant_id = %(merchant)s AND c.exclusion = ''
        AND c.started_at >= span.starts_at AND c.started_at < span.ends_at
    OFFSET 0
"""

_READ = f"""
    {WITH_SPANS}
    SELECT {{keys}}, {SUMS_OF} FROM (
        SELECT d.starts_at AS started_at, channel, agent_version, scorer, scorer_version, rubric_version, {SUMS}
        FROM sealed JOIN analytics_dayquality d ON d.merchant_id = %(merchant)s AND d.starts_at = sealed.starts_at
        UNION ALL
        SELECT started_at, channel, agent_version, scorer, scorer_version, rubric_version, {SUMS}
        FROM rest AS span CROSS JOIN LATERAL ({SCORES_OF_SPAN}) AS scores
    ) AS parts GROUP BY {{positions}}
"""
_ELIGIBLE = f"""
    {WITH_SPANS}
    SELECT coalesce(sum(n_conversations), 0) FROM (
        SELECT n_conversations
        FROM sealed JOIN analytics_daychannel d ON d.merchant_id = %(merchant)s AND d.starts_at = sealed.starts_at
        UNION ALL
        SELECT n_conversations FROM rest AS span CROSS JOIN LATERAL ({HOURS_OF_SPAN}) AS hours
    ) AS parts
"""
VERSION = ("scorer", "scorer_version", "rubric_version")


def start_of(step: str) -> str:
    """SQL for the local day, week or month in which a conversation started."""
    if step not in STEPS:
        raise ValueError(f"step={step!r} is none of {', '.join(STEPS)}")
    return f"date_trunc('{step}', started_at AT TIME ZONE %(zone)s)::date"


@dataclass(frozen=True, slots=True)
class ScoreSums:
    """What the scores of one group add up to. `amounts` are named as the columns of DayQuality."""

    latest_at: datetime
    amounts: dict[str, float]

    def __add__(self, other: "ScoreSums") -> "ScoreSums":
        amounts = {name: amount + other.amounts[name] for name, amount in self.amounts.items()}
        return ScoreSums(max(self.latest_at, other.latest_at), amounts)

    @property
    def n(self) -> int:
        return int(self.amounts["n_overall"])

    def mean(self, name: str) -> tuple[float | None, int, float | None]:
        """Mean, n and sample deviation of the overall score or of a dimension."""
        n, total = int(self.amounts[f"n_{name}"]), self.amounts[f"sum_{name}"]
        if not n:
            return None, 0, None
        variance = max(0.0, self.amounts[f"squares_{name}"] - total * total / n) / (n - 1) if n > 1 else None
        return total / n, n, sqrt(variance) if variance is not None else None

    @property
    def tenths(self) -> list[int]:
        return [int(self.amounts[f"n_tenth_{number}"]) for number in range(BINS)]


def read_sums(merchant: Merchant, period: Period, *by: str) -> dict[tuple[Any, ...], ScoreSums]:
    """By the columns of VERSION and more constant SQL expressions. Counts the conversations that started in the period,
    by sealed days and the rest over the index conversation_list."""
    keys = (*VERSION, *by)
    query = _READ.format(keys=", ".join(keys), positions=", ".join(str(n + 1) for n in range(len(keys))))
    with connection.cursor() as cursor:
        cursor.execute(query, span_parameters(merchant, [period]) | {"zone": merchant.timezone})
        return {
            row[: len(keys)]: ScoreSums(row[len(keys)], dict(zip(_AMOUNTS, row[len(keys) + 1 :], strict=True)))
            for row in cursor.fetchall()
        }


def count_eligible(merchant: Merchant, period: Period) -> int:
    """The conversations that started in the period and count in rates, from their rollups."""
    with connection.cursor() as cursor:
        cursor.execute(_ELIGIBLE, span_parameters(merchant, [period]))
        return int(cursor.fetchone()[0])
