"""What an export holds: its columns, and its rows one after the other."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.db import transaction

from analytics.filters import Filters
from analytics.measured import measured
from analytics.metrics import METRICS
from analytics.queries import conversations, series, split_series, starts_of
from analytics.segments import Segment
from analytics.totals import Totals
from portal.models import Merchant
from portal.periods import Period, day_start

ROWS_AT_ONCE = 2000
STEPS_AT_ONCE = 200

CONVERSATION_COLUMNS = (
    *("id", "conversation_id", "episode", "channel", "language", "agent_version", "customer_id"),
    *("started_at", "last_event_at", "ended_at", "updated_at"),
    *("outcome", "is_confirmed", "is_disputed", "recontacted_at", "exclusion", "handoff_reason", "rating"),
    *("question", "n_customer_messages", "n_agent_messages", "n_teammate_messages"),
    *("first_response_ms", "resolution_ms", "input_tokens", "output_tokens", "agent_cost"),
)
_STORED = {"conversation_id": "thread"}

# Counts can be added up over rows; rates and durations cannot, so their numerators and denominators are here too.
COUNTS = (
    *(
        "n_conversations",
        "n_resolved",
        "n_confirmed",
        "n_escalated",
        "n_abandoned",
        "n_open",
        "n_not_involved",
        "n_excluded",
    ),
    *("n_ended", "n_involved", "mature_ended", "n_verified", "mature_resolved", "mature_recontacted"),
    *("n_ratings", "n_positive_ratings", "n_customer_messages", "n_agent_messages", "n_teammate_messages"),
    *("input_tokens", "output_tokens"),
)
REST = tuple(key for key, metric in METRICS.items() if metric.is_in_totals and key not in COUNTS)


def conversation_rows(
    merchant: Merchant, period: Period, filters: Filters, *, now: datetime
) -> Iterator[tuple[Any, ...]]:
    """The oldest first, by a cursor of the server: one state of the database, and never all of it in memory.

    Raises FilterError at once, not with the first row.
    """
    found = conversations(merchant, period, filters, now=now).order_by("started_at", "id")
    rows = found.values_list(*(_STORED.get(name, name) for name in CONVERSATION_COLUMNS))

    def stream() -> Iterator[tuple[Any, ...]]:
        # Outside a transaction the server would keep a copy of the whole answer before it gave the first row.
        with transaction.atomic():
            yield from rows.iterator(chunk_size=ROWS_AT_ONCE)

    return stream()


def metric_columns(by: str) -> tuple[str, ...]:
    return ("start", *([by] if by else []), *COUNTS, *REST)


def metric_rows(
    merchant: Merchant, period: Period, *, step: str, by: str, segment: Segment, now: datetime
) -> Iterator[tuple[Any, ...]]:
    """A row for every step, or for every step and part, also where nothing happened."""
    starts = starts_of(period, step)
    parts = list(split_series(merchant, period, by, step="month", now=now, segment=segment)) if by else []
    for first in range(0, len(starts), STEPS_AT_ONCE):
        after = first + STEPS_AT_ONCE
        window = Period(
            start=period.start if first == 0 else _instant(starts[first], period),
            end=_instant(starts[after], period) if after < len(starts) else period.end,
            zone=period.zone,
            kind="custom",
        )
        if by:
            found = split_series(merchant, window, by, step=step, now=now, segment=segment)
            for number, start in enumerate(starts[first:after]):
                for part in parts:
                    yield start, part, *_amounts(found[part][number].totals if part in found else Totals())
        else:
            for point in series(merchant, window, step=step, now=now, segment=segment):
                yield point.start, *_amounts(point.totals)


def _instant(start: date | datetime, period: Period) -> datetime:
    return start if isinstance(start, datetime) else day_start(start, period.zone)


def _amounts(totals: Totals) -> tuple[Any, ...]:
    return *(getattr(totals, name) for name in COUNTS), *(measured(METRICS[key], totals).value for key in REST)
