"""The read side: windows of rollups → frozen Totals. One query each; rates and percentiles are derived in Python."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db.models import Count, Max, Min, QuerySet
from django.utils import timezone
from django.utils.functional import Promise

from analytics.clock_and_handoffs import count_handoffs, count_hours_of_week
from analytics.comparison import Change, Comparison, compare_totals
from analytics.filters import Filters, predicate
from analytics.grouped_totals import HOUR, HOUR_OF_WEEK, read_totals
from analytics.models import Channel, Conversation, Event, HandoffReason, Outcome, Rollup
from analytics.segments import DIMENSIONS, EVERYTHING, Segment
from analytics.totals import DURATIONS, Totals, add_up
from portal.models import Merchant
from portal.periods import Period, hours, steps

__all__ = [
    "Change",
    "Comparison",
    "Filters",
    "Point",
    "Segment",
    "Slice",
    "breakdown",
    "compare",
    "compare_by_parts",
    "conversations",
    "data_from",
    "data_to",
    "hours_of_week",
    "series",
    "slices_of",
    "split_series",
    "totals",
    "unique_customers",
]

BREAKDOWNS = (*DIMENSIONS, "outcome", "handoff_reason", "hour_of_week")
# Monday's first hour is 1-00, Sunday's last 7-23.
HOURS_OF_WEEK = tuple(f"{weekday}-{hour:02d}" for weekday in range(1, 8) for hour in range(24))
PART_COUNTS = ("n_conversations", "n_resolved", "n_escalated", "n_abandoned", "n_ratings", "n_positive_ratings")
# A merchant whose data began in the first tenth of a window is taken to have had all of it.
START_TOLERANCE = 0.1


@dataclass(frozen=True, slots=True)
class Point:
    """One local day, week (its Monday) or month (its first day) of a series; of hours the instant they begin at."""

    start: date | datetime
    totals: Totals


@dataclass(frozen=True, slots=True)
class Slice:
    """One part of a breakdown; `totals` is None where the part is an outcome or a reason of handoffs."""

    key: str
    label: str | Promise
    n: int
    share: float
    totals: Totals | None


def totals(
    merchant: Merchant,
    period: Period,
    *,
    now: datetime | None = None,
    segment: Segment = EVERYTHING,
    durations: bool = True,
) -> Totals:
    """Without `durations` those stay empty, which is twice as fast."""
    found = read_totals(
        merchant, [period], ("NULL",), now=now, segment=segment, durations=DURATIONS if durations else ()
    )
    return add_up(found.values())


def compare(
    merchant: Merchant, period: Period, *, now: datetime | None = None, segment: Segment = EVERYTHING
) -> Comparison:
    """The window and the one before it."""
    windows = [period.previous(), period]
    found = read_totals(merchant, windows, ("hour >= %(split)s",), now=now, segment=segment, split=period.start)
    return _compared(merchant, windows[0], found.get(False, Totals()), found.get(True, Totals()))


def compare_by_parts(
    merchant: Merchant, period: Period, *, now: datetime | None = None, segment: Segment = EVERYTHING
) -> tuple[Comparison, dict[str, dict[str, tuple[Totals, Totals]]]]:
    """The comparison, and the same two windows of each part: dimension → part → (before, after).

    Of languages and agent versions only what findings are looked for in is read: PART_COUNTS and the response time.
    """
    windows = [period.previous(), period]
    # Window and part as one key: for one key more the planner expects so many groups that it sorts all rows first.
    window = "CASE WHEN hour >= %(split)s THEN '1' ELSE '0' END"
    of_channels = read_totals(
        merchant, windows, (f"{window} || channel",), now=now, segment=segment, split=period.start
    )
    of_others = read_totals(
        merchant,
        windows,
        (f"{window} || language", "agent_version"),
        now=now,
        segment=segment,
        counts=PART_COUNTS,
        durations=("response_time",),
        split=period.start,
    )
    whole = [add_up(each for key, each in of_channels.items() if key[0] == is_current) for is_current in "01"]
    return _compared(merchant, windows[0], *whole), {
        "channel": _pairs((key[0], key[1:], each) for key, each in of_channels.items()),
        "language": _pairs((key[0][0], key[0][1:], each) for key, each in of_others.items()),
        "agent_version": _pairs((key[0][0], key[1], each) for key, each in of_others.items()),
    }


def _pairs(rows: Iterable[tuple[str, str, Totals]]) -> dict[str, tuple[Totals, Totals]]:
    """(is current, part, totals) → part → (before, after)."""
    found: dict[str, tuple[list[Totals], list[Totals]]] = {}
    for is_current, part, each in rows:
        found.setdefault(part, ([], []))[is_current == "1"].append(each)
    return {part: (add_up(before), add_up(after)) for part, (before, after) in sorted(found.items())}


def _compared(merchant: Merchant, previous: Period, before: Totals, after: Totals) -> Comparison:
    first = data_from(merchant)
    is_whole = first is None or first < previous.start + START_TOLERANCE * (previous.end - previous.start)
    return compare_totals(after, before, is_previous_whole=is_whole)


def slices_of(by: str, found: dict[str, Totals]) -> list[Slice]:
    """The parts of one window, the largest first; without those in which nothing began."""
    parts = _slices(by, {key: each for key, each in found.items() if each.n_conversations})
    return sorted(parts, key=lambda part: (-part.n, part.key))


def series(
    merchant: Merchant,
    period: Period,
    *,
    step: str = "day",
    now: datetime | None = None,
    segment: Segment = EVERYTHING,
    durations: bool = True,
) -> list[Point]:
    """Totals per local hour, day, week or month, also of those without conversations. Without `durations` those stay
    empty, which is twice as fast."""
    found = read_totals(
        merchant,
        [period],
        (_step_of(step),),
        now=now,
        segment=segment,
        durations=DURATIONS if durations else (),
        step=step,
        zone=merchant.timezone,
    )
    return [Point(start, found.get(_key(start), Totals())) for start in starts_of(period, step)]


def split_series(
    merchant: Merchant,
    period: Period,
    by: str,
    *,
    step: str = "day",
    now: datetime | None = None,
    segment: Segment = EVERYTHING,
    durations: bool = True,
) -> dict[str, list[Point]]:
    """A series for each channel, language or agent version of the window, the largest part first."""
    if by not in DIMENSIONS:
        raise ValueError(f"by={by!r} is none of {', '.join(DIMENSIONS)}")
    found = read_totals(
        merchant,
        [period],
        (_step_of(step), by),
        now=now,
        segment=segment,
        durations=DURATIONS if durations else (),
        step=step,
        zone=merchant.timezone,
    )
    sizes: dict[str, int] = {}
    for (_start, part), its_totals in found.items():
        sizes[part] = sizes.get(part, 0) + its_totals.n_conversations
    starts = starts_of(period, step)
    return {
        part: [Point(start, found.get((_key(start), part), Totals())) for start in starts]
        for part in sorted(sizes, key=lambda part: (-sizes[part], part))
    }


def _step_of(step: str) -> str:
    if step == "hour":
        return HOUR
    return "date_trunc(%(step)s, hour AT TIME ZONE %(zone)s)::date"


def starts_of(period: Period, step: str) -> Sequence[date | datetime]:
    return hours(period) if step == "hour" else steps(period, step)


def _key(start: date | datetime) -> date | datetime:
    """An instant in UTC: Python calls a repeated local hour equal to nothing in another zone."""
    return start.astimezone(UTC) if isinstance(start, datetime) else start


def breakdown(
    merchant: Merchant, period: Period, by: str, *, now: datetime | None = None, segment: Segment = EVERYTHING
) -> list[Slice]:
    """The window's conversations by one of BREAKDOWNS, the largest part first; outcomes in their own order, hours of
    the merchant's week all 168 in theirs. Handoff reasons are parts of the escalated conversations."""
    if by not in BREAKDOWNS:
        raise ValueError(f"by={by!r} is none of {', '.join(BREAKDOWNS)}")
    if by == "outcome":
        return outcome_slices(totals(merchant, period, now=now, segment=segment))
    if by == "handoff_reason":
        return _handoff_slices(merchant, period, segment)
    if by == "hour_of_week":
        found = read_totals(merchant, [period], (HOUR_OF_WEEK,), now=now, segment=segment, zone=merchant.timezone)
        return _slices(by, {key: found.get(key, Totals()) for key in HOURS_OF_WEEK})
    return slices_of(by, read_totals(merchant, [period], (by,), now=now, segment=segment))


def _slices(by: str, found: dict[str, Totals]) -> list[Slice]:
    n_all = sum(each.n_conversations for each in found.values())
    return [
        Slice(key, _label(by, key), each.n_conversations, each.n_conversations / n_all if n_all else 0.0, each)
        for key, each in found.items()
    ]


def _handoff_slices(merchant: Merchant, period: Period, segment: Segment) -> list[Slice]:
    counts = count_handoffs(merchant, period, segment)
    n_all = sum(counts.values())
    parts = [Slice(key, _label("handoff_reason", key), n, n / n_all, None) for key, n in counts.items()]
    return sorted(parts, key=lambda part: (-part.n, part.key))


def hours_of_week(merchant: Merchant, period: Period, *, segment: Segment = EVERYTHING) -> list[Slice]:
    """The breakdown by hour_of_week with the outcomes alone, which costs a fraction of it."""
    counts: dict[str, dict[str, Any]] = count_hours_of_week(merchant, period, segment)
    found = {key: Totals(**its_counts) for key, its_counts in counts.items()}
    return _slices("hour_of_week", {key: found.get(key, Totals()) for key in HOURS_OF_WEEK})


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
    merchant: Merchant, period: Period | None = None, filters: Filters | None = None, *, now: datetime | None = None
) -> QuerySet[Conversation]:
    """The conversations behind a number, the newest first. Raises FilterError where the topic does not exist."""
    found: QuerySet[Conversation] = Conversation.objects.for_merchant(merchant).order_by("-started_at", "-id")
    if period is not None:
        found = found.filter(started_at__gte=period.start, started_at__lt=period.end)
    return found.filter(predicate(merchant, filters or Filters(), period, now=now or timezone.now()))


def unique_customers(merchant: Merchant, period: Period) -> int:
    """Distinct known customers; not additive, so counted from the conversations."""
    known = conversations(merchant, period).exclude(customer_id="").order_by()
    n: int = known.aggregate(n=Count("customer_id", distinct=True))["n"]
    return n


def _label(by: str, key: str) -> str | Promise:
    if by == "channel":
        return Channel(key).label
    if by == "handoff_reason" and key:
        return HandoffReason(key).label
    return key or "–"
