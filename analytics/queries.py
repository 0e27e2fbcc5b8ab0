"""The read side: windows of rollups → frozen Totals. One query each; rates and percentiles are derived in Python."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Max, Min, QuerySet
from django.utils import timezone
from django.utils.functional import Promise

from analytics.comparison import Change, Comparison, compare_totals
from analytics.filters import Filters, predicate
from analytics.histogram import Histogram
from analytics.measures import COUNTERS, HISTOGRAMS
from analytics.models import Channel, Conversation, Event, Outcome, Rollup
from analytics.totals import Totals, add_up
from portal.models import Merchant
from portal.periods import Period, steps

__all__ = [
    "Change",
    "Comparison",
    "Filters",
    "Point",
    "Slice",
    "breakdown",
    "compare",
    "conversations",
    "data_from",
    "data_to",
    "series",
    "totals",
    "unique_customers",
]

BREAKDOWNS = ("channel", "language", "agent_version", "outcome")
# A merchant whose data began in the first tenth of a window is taken to have had all of it.
START_TOLERANCE = 0.1
_SUMS = tuple(name for name in COUNTERS if not name.endswith("_sum_ms"))
_MATURE = {
    "mature_ended": "n_resolved + n_escalated + n_abandoned",
    "mature_resolved": "n_resolved",
    "mature_recontacted": "n_recontacted",
    "mature_refuted": "n_refuted",
}
_TOTALS = ", ".join(
    [f"sum({name})::bigint" for name in _SUMS]
    + [
        f"coalesce(sum({amount}) FILTER (WHERE hour <= CASE channel WHEN 'email' THEN %(mature_email)s "
        "ELSE %(mature_chat)s END), 0)::bigint"
        for amount in _MATURE.values()
    ]
    + [f"string_agg({name}, ''), sum({name.replace('_bins', '_sum_ms')})::bigint" for name in HISTOGRAMS]
)


@dataclass(frozen=True, slots=True)
class Point:
    """One local day, week (its Monday) or month (its first day) of a series."""

    start: date
    totals: Totals


@dataclass(frozen=True, slots=True)
class Slice:
    """One part of a breakdown; `totals` is None where the part is an outcome."""

    key: str
    label: str | Promise
    n: int
    share: float
    totals: Totals | None


def totals(merchant: Merchant, period: Period, *, now: datetime | None = None) -> Totals:
    return add_up(_grouped(merchant, [period], "NULL", now=now).values())


def compare(merchant: Merchant, period: Period, *, now: datetime | None = None) -> Comparison:
    """The window and the one before it."""
    previous = period.previous()
    found = _grouped(merchant, [previous, period], "hour >= %(split)s", now=now, split=period.start)
    first = data_from(merchant)
    is_whole = first is None or first < previous.start + START_TOLERANCE * (previous.end - previous.start)
    return compare_totals(found.get(True, Totals()), found.get(False, Totals()), is_previous_whole=is_whole)


def series(merchant: Merchant, period: Period, *, step: str = "day", now: datetime | None = None) -> list[Point]:
    """Totals per local day, week or month, also of those without conversations."""
    starts = steps(period, step)
    found = _grouped(
        merchant,
        [period],
        "date_trunc(%(step)s, hour AT TIME ZONE %(zone)s)::date",
        now=now,
        step=step,
        zone=merchant.timezone,
    )
    return [Point(start, found.get(start, Totals())) for start in starts]


def breakdown(merchant: Merchant, period: Period, by: str, *, now: datetime | None = None) -> list[Slice]:
    """The window's conversations by channel, language, agent version or outcome, the largest part first."""
    if by not in BREAKDOWNS:
        raise ValueError(f"by={by!r} is none of {', '.join(BREAKDOWNS)}")
    if by == "outcome":
        return outcome_slices(totals(merchant, period, now=now))
    found = _grouped(merchant, [period], by, now=now)
    n_all = sum(each.n_conversations for each in found.values())
    parts = [
        Slice(key, _label(by, key), each.n_conversations, each.n_conversations / n_all if n_all else 0.0, each)
        for key, each in found.items()
        if each.n_conversations
    ]
    return sorted(parts, key=lambda part: (-part.n, part.key))


def outcome_slices(all_of_it: Totals) -> list[Slice]:
    """The outcomes in the order of metrics.md; they add up to the conversations."""
    n_all = all_of_it.n_conversations
    order = (Outcome.RESOLVED, Outcome.ESCALATED, Outcome.ABANDONED, Outcome.OPEN, Outcome.NOT_INVOLVED)
    counts = [(outcome, getattr(all_of_it, f"n_{outcome.value}")) for outcome in order]
    return [Slice(outcome.value, outcome.label, n, n / n_all if n_all else 0.0, None) for outcome, n in counts]


def data_from(merchant: Merchant) -> datetime | None:
    """The hour of the first conversation; read from the start of the unique index rollup_bucket."""
    first: datetime | None = Rollup.objects.for_merchant(merchant).aggregate(first=Min("hour"))["first"]
    return first


def data_to(merchant: Merchant) -> datetime | None:
    """When the latest accepted event occurred; read from the end of the primary key."""
    latest: datetime | None = Event.objects.for_merchant(merchant).aggregate(latest=Max("occurred_at"))["latest"]
    return latest


def conversations(
    merchant: Merchant, period: Period | None = None, filters: Filters | None = None
) -> QuerySet[Conversation]:
    """The conversations behind a number, the newest first."""
    found: QuerySet[Conversation] = Conversation.objects.for_merchant(merchant).order_by("-started_at", "-id")
    if period is not None:
        found = found.filter(started_at__gte=period.start, started_at__lt=period.end)
    return found.filter(predicate(filters or Filters()))


def unique_customers(merchant: Merchant, period: Period) -> int:
    """Distinct known customers; not additive, so counted from the conversations."""
    known = conversations(merchant, period).exclude(customer_id="").order_by()
    n: int = known.aggregate(n=Count("customer_id", distinct=True))["n"]
    return n


def _label(by: str, key: str) -> str | Promise:
    if by == "channel":
        return Channel(key).label
    return key or "–"


def _grouped(
    merchant: Merchant, windows: Sequence[Period], group: str, *, now: datetime | None, **parameters: Any
) -> dict[Any, Totals]:
    """Totals of the windows' rollups by a constant SQL expression. Scans the unique index rollup_bucket."""
    now = now or timezone.now()
    verified_after = timedelta(days=merchant.recontact_days)
    parameters |= {
        "merchant": merchant.pk,
        "mature_chat": now - verified_after - timedelta(hours=merchant.chat_idle_hours),
        "mature_email": now - verified_after - timedelta(hours=merchant.email_idle_hours),
    }
    ranges = []
    for number, window in enumerate(windows):
        ranges.append(f"(hour >= %(start{number})s AND hour < %(end{number})s)")
        parameters |= {f"start{number}": window.start, f"end{number}": window.end}
    query = f"""
        SELECT {group}, {_TOTALS} FROM analytics_rollup
        WHERE merchant_id = %(merchant)s AND ({" OR ".join(ranges)}) GROUP BY 1
    """
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return {row[0]: _totals_of(row[1:]) for row in cursor.fetchall()}


def _totals_of(values: tuple[Any, ...]) -> Totals:
    n_plain = len(_SUMS) + len(_MATURE)
    plain = dict(zip((*_SUMS, *_MATURE), values[:n_plain], strict=True))
    response, first_response, resolution = (
        Histogram.from_packed(values[at], values[at + 1]) for at in range(n_plain, len(values), 2)
    )
    return Totals(**plain, response_time=response, first_response_time=first_response, resolution_time=resolution)
