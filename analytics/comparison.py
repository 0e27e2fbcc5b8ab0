"""This window against the one before: how much changed, and whether that is more than chance. Pure."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from analytics.histogram import Histogram
from analytics.intervals import Z, newcombe
from analytics.measured import Measured
from analytics.metrics import METRICS, Better, Metric, Unit
from analytics.totals import Totals


class Kind(StrEnum):
    PERCENT = "percent"  # value 0.12 is +12 %
    POINTS = "points"  # value 0.034 is +3.4 percentage points
    NEW = "new"  # there was nothing before: no percentage exists
    NONE = "none"  # nothing to compare


@dataclass(frozen=True, slots=True)
class Change:
    """`direction` is up, down or none; `is_better` is None where neither is better or the change is not clear."""

    kind: Kind
    value: float | None
    is_clear: bool
    direction: str
    is_better: bool | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """`is_previous_whole`: there was data from the start of the window before on."""

    current: Totals
    previous: Totals
    changes: dict[str, Change]  # by metric key
    is_previous_whole: bool = True

    def alone(self) -> "Comparison":
        """The same window, compared with nothing."""
        return replace(self, changes=dict.fromkeys(self.changes, NO_CHANGE))


NO_CHANGE = Change(Kind.NONE, None, is_clear=False, direction="none", is_better=None)
NEW = Change(Kind.NEW, None, is_clear=False, direction="none", is_better=None)


def compare_totals(current: Totals, previous: Totals, *, is_previous_whole: bool = True) -> Comparison:
    """Where the data began within the window before, a change of counts would only show that: it is left out."""
    changes = {}
    for key, metric in METRICS.items():
        if metric.is_in_totals:
            is_comparable = (
                is_previous_whole or metric.unit in (Unit.RATE, Unit.DURATION) or not previous.n_conversations
            )
            changes[key] = _change_of(metric, current, previous) if is_comparable else NO_CHANGE
    return Comparison(current, previous, changes, is_previous_whole)


def compare_measured(metric: Metric, now: Measured, before: Measured, *, is_previous_whole: bool = True) -> Change:
    """The change of a rate or a count that is not in the totals."""
    if now.source != before.source or (metric.unit is Unit.COUNT and not is_previous_whole):
        return NO_CHANGE
    if now.value is None or before.value is None:
        return NEW if now.value else NO_CHANGE
    value, earlier = float(now.value), float(before.value)
    if metric.unit is Unit.RATE:
        return _build(metric, Kind.POINTS, value - earlier, is_clear=_intervals_differ(now, before))
    if not earlier:
        return Change(Kind.NEW, None, is_clear=True, direction="up", is_better=None) if value else NO_CHANGE
    is_clear = abs(value - earlier) > Z * math.sqrt(value + earlier)
    return _build(metric, Kind.PERCENT, value / earlier - 1, is_clear=is_clear)


def _intervals_differ(now: Measured, before: Measured) -> bool:
    """The 95 % interval of the difference leaves out zero: Newcombe's for rates, the normal one for means."""
    if now.ratio and before.ratio:
        low, high = newcombe(now.ratio.k, now.ratio.n, before.ratio.k, before.ratio.n)
        return low > 0 or high < 0
    if now.value is None or before.value is None or None in (now.low, now.high, before.low, before.high):
        return False
    if now.half_apart is not None and before.half_apart is not None:
        return abs(float(now.value) - float(before.value)) > math.hypot(now.half_apart, before.half_apart)
    halves = ((each.high or 0.0) - (each.low or 0.0) for each in (now, before))
    return abs(float(now.value) - float(before.value)) > math.hypot(*halves) / 2


def _change_of(metric: Metric, current: Totals, previous: Totals) -> Change:
    now, before = getattr(current, metric.key), getattr(previous, metric.key)
    if now is None or before is None:
        return NEW if now else NO_CHANGE
    now, before = float(now), float(before)
    if metric.unit is Unit.RATE:
        return _build(metric, Kind.POINTS, now - before, is_clear=_rate_is_clear(metric, current, previous))
    if before == 0:
        return NO_CHANGE if now == 0 else Change(Kind.NEW, None, is_clear=True, direction="up", is_better=None)
    is_clear = _duration_is_clear if metric.unit is Unit.DURATION else _amount_is_clear
    return _build(metric, Kind.PERCENT, now / before - 1, is_clear=is_clear(metric, current, previous))


def _build(metric: Metric, kind: Kind, value: float, *, is_clear: bool) -> Change:
    if not is_clear or value == 0:
        return Change(kind, value, is_clear=False, direction="none", is_better=None)
    is_up = value > 0
    is_better = None if metric.better is Better.NEITHER else is_up == (metric.better is Better.UP)
    return Change(kind, value, is_clear=True, direction="up" if is_up else "down", is_better=is_better)


def _rate_is_clear(metric: Metric, current: Totals, previous: Totals) -> bool:
    """The 95 % Newcombe interval of the difference leaves out zero."""
    now, before = getattr(current, metric.ratio), getattr(previous, metric.ratio)
    low, high = newcombe(now.k, now.n, before.k, before.n)
    return low > 0 or high < 0


def _amount_is_clear(metric: Metric, current: Totals, previous: Totals) -> bool:
    """Counts as Poisson variables. A sum varies at least as much as the number of conversations it is spread over."""
    counted = metric.spread_over or metric.key
    now, before = getattr(current, counted), getattr(previous, counted)
    if metric.spread_over and now and before and getattr(current, metric.key):
        difference = math.log(float(getattr(current, metric.key)) / float(getattr(previous, metric.key)))
        return abs(difference) > Z * math.sqrt(1 / now + 1 / before)
    return bool(abs(now - before) > Z * math.sqrt(now + before))


def _duration_is_clear(metric: Metric, current: Totals, previous: Totals) -> bool:
    now: Histogram = getattr(current, metric.histogram)
    before: Histogram = getattr(previous, metric.histogram)
    interval: Callable[[Histogram], Any] = Histogram.mean_interval
    if metric.quantile is not None:
        quantile = metric.quantile
        interval = lambda histogram: histogram.quantile_interval(quantile)  # noqa: E731
    first, second = interval(now), interval(before)
    # Two 95 % intervals that do not touch: stricter than a test of the difference at 5 %.
    return bool(first and second and (first[0] > second[1] or first[1] < second[0]))
