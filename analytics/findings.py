"""What really changed between two windows, and in which part of the conversations it most likely happened. Pure.

A change counts where its test statistic is beyond what the largest of the looked-at metrics reaches by chance (Holm,
Scand. J. Statist. 1979) and its size is one that somebody would act on. Its place is the part (a channel, a language,
an agent version, …) that carries most of the change and without which nothing clear is left.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from analytics.histogram import Histogram
from analytics.intervals import Z
from analytics.metrics import METRICS, Metric, Unit
from analytics.totals import Ratio, Totals, add_up

FAMILY_ERROR = 0.05
# Smaller changes are not told: of a rate in points, of counts and durations as a ratio.
MIN_POINTS, MIN_RATIO = 0.02, 1.1
# A part that carries less of the change than this is not its place; one that holds nearly all conversations neither.
MIN_EXPLAINED, MAX_WEIGHT = 0.6, 0.9
MIN_PART_N = 20

LOOKED_AT = (
    "n_conversations",
    "resolution_rate",
    "escalation_rate",
    "abandonment_rate",
    "csat",
    "mean_response_time_ms",
)
# Resolved, escalated and abandoned are shares of one whole: what one of them lost, the others won.
COMPLEMENTS = ("resolution_rate", "escalation_rate", "abandonment_rate")

Windows = tuple[Totals, Totals]  # before, after
Parts = Mapping[str, Mapping[str, Windows]]  # dimension → key → windows; each dimension adds up to the whole


@dataclass(frozen=True, slots=True)
class Place:
    """`explained` is the part's share of the change, above 1 where the other parts moved the other way."""

    dimension: str
    key: str
    explained: float
    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True)
class Finding:
    """`value` is the change: a ratio − 1 of counts, points 0–1 of rates. `also` names the complement that moved."""

    metric: str
    before: float
    after: float
    value: float
    z: float
    place: Place | None
    also: tuple[str, float] | None = None


def find_changes(
    before: Totals, after: Totals, parts: Parts, *, dispersion: float = 1.0, limit: int = 3
) -> list[Finding]:
    """The largest first. `dispersion`: how many times a Poisson variable's variance days of this merchant vary."""
    tested = {key: _z(METRICS[key], before, after, dispersion) for key in LOOKED_AT}
    real = [key for key in _beyond_chance(tested) if _matters(METRICS[key], before, after)]
    told = _without_complements(real, tested)
    findings = [_finding(key, before, after, tested[key], parts, dispersion) for key in told]
    return sorted(findings, key=lambda each: -_size(METRICS[each.metric], each))[:limit]


def daily_dispersion(counts: Sequence[int], *, period: int = 7) -> float:
    """Variance of daily counts over their mean, each weekday against its own mean; 1 for pure chance or few days."""
    squares, n_free = 0.0, 0
    for days in (counts[first::period] for first in range(period)):
        if len(days) > 1 and any(days):
            mean = sum(days) / len(days)
            squares += sum((count - mean) ** 2 for count in days) / mean
            n_free += len(days) - 1
    return max(1.0, squares / n_free) if n_free else 1.0


def _beyond_chance(tested: Mapping[str, float]) -> list[str]:
    """Holm's step-down over the metrics that could be tested."""
    ranked = sorted((key for key in tested if tested[key]), key=lambda key: -abs(tested[key]))
    found: list[str] = []
    for rank, key in enumerate(ranked):
        p_value = 2 * (1 - NormalDist().cdf(abs(tested[key])))
        if p_value > FAMILY_ERROR / (len(ranked) - rank):
            break
        found.append(key)
    return found


def _z(metric: Metric, before: Totals, after: Totals, dispersion: float) -> float:
    """The standardised difference; 0 where one window has nothing to compare."""
    if metric.unit is Unit.RATE:
        return _rate_z(getattr(before, metric.ratio), getattr(after, metric.ratio))
    if metric.unit is Unit.DURATION:
        return _mean_z(getattr(before, metric.histogram), getattr(after, metric.histogram))
    n_before, n_after = getattr(before, metric.key), getattr(after, metric.key)
    if not n_before or not n_after:
        return 0.0
    return float((n_after - n_before) / math.sqrt((n_after + n_before) * dispersion))


def _rate_z(before: Ratio, after: Ratio) -> float:
    if not before.n or not after.n:
        return 0.0
    pooled = (before.k + after.k) / (before.n + after.n)
    error = math.sqrt(pooled * (1 - pooled) * (1 / before.n + 1 / after.n))
    return (after.k / after.n - before.k / before.n) / error if error else 0.0


def _mean_z(before: Histogram, after: Histogram) -> float:
    first, second = before.mean_interval(), after.mean_interval()
    if not first or not second:
        return 0.0
    error = math.hypot(first[1] - first[0], second[1] - second[0]) / (2 * Z)
    return (sum(second) - sum(first)) / 2 / error if error else 0.0


def _matters(metric: Metric, before: Totals, after: Totals) -> bool:
    was, now = getattr(before, metric.key), getattr(after, metric.key)
    if metric.unit is Unit.RATE:
        return bool(abs(now - was) >= MIN_POINTS)
    return bool(max(now / was, was / now) >= MIN_RATIO)


def _without_complements(real: list[str], tested: Mapping[str, float]) -> list[str]:
    """Of the three shares of one whole the resolution rate is told, or the clearest of the others where it stayed."""
    moved = [key for key in COMPLEMENTS if key in real]
    keep = moved[:1] if "resolution_rate" in moved else sorted(moved, key=lambda key: -abs(tested[key]))[:1]
    return [key for key in real if key not in COMPLEMENTS or key in keep]


def _finding(key: str, before: Totals, after: Totals, z: float, parts: Parts, dispersion: float) -> Finding:
    metric = METRICS[key]
    was, now = float(getattr(before, key)), float(getattr(after, key))
    value = now - was if metric.unit is Unit.RATE else now / was - 1
    places = [
        place for dimension in parts if (place := _find_place(metric, dimension, before, after, parts, dispersion))
    ]
    place = max(places, key=lambda each: min(each.explained, 1 / each.explained), default=None)
    return Finding(key, was, now, value, z, place, _counterpart(key, before, after))


def _counterpart(key: str, before: Totals, after: Totals) -> tuple[str, float] | None:
    """Which of the other two shares took most of what the resolution rate lost, or gave what it won."""
    if key != "resolution_rate":
        return None
    moved = {each: getattr(after, each) - getattr(before, each) for each in COMPLEMENTS[1:]}
    fell = (
        after.resolution_rate is not None
        and before.resolution_rate is not None
        and (after.resolution_rate < before.resolution_rate)
    )
    largest = max(moved, key=lambda each: moved[each] if fell else -moved[each])
    return largest, moved[largest]


def _find_place(
    metric: Metric, dimension: str, before: Totals, after: Totals, parts: Parts, dispersion: float
) -> Place | None:
    """Of a dimension's parts the one that carries the change, if there is one."""
    carried = {key: _carried(metric, windows, before, after) for key, windows in parts[dimension].items()}
    total = sum(carried.values())
    if not total:
        return None
    key = max(carried, key=lambda each: carried[each] / total)
    explained = carried[key] / total
    part_before, part_after = parts[dimension][key]
    if (
        explained < MIN_EXPLAINED
        or _weight(part_after, after) > MAX_WEIGHT
        or _weight(part_before, before) > MAX_WEIGHT
    ):
        return None
    if max(part_before.n_conversations, part_after.n_conversations) < MIN_PART_N:
        return None
    others = [windows for other, windows in parts[dimension].items() if other != key]
    rest_before, rest_after = add_up(w[0] for w in others), add_up(w[1] for w in others)
    rest = _z(metric, rest_before, rest_after, dispersion)
    if abs(rest) > Z and rest * total > 0:
        return None
    return Place(dimension, key, explained, getattr(part_before, metric.key), getattr(part_after, metric.key))


def _carried(metric: Metric, windows: Windows, before: Totals, after: Totals) -> float:
    """What a part adds to the whole's change; over a dimension these add up to it.

    A rate or a mean changes because a part's own does or because the part grew; w′(p′ − P) − w(p − P) is both, with P
    the whole's before.
    """
    if metric.unit not in (Unit.RATE, Unit.DURATION):
        return float(getattr(windows[1], metric.key) - getattr(windows[0], metric.key))
    overall = getattr(before, metric.key) or 0.0

    def share(part: Totals, whole: Totals) -> float:
        n_whole = _fraction(metric, whole)[1]
        amount, n = _fraction(metric, part)
        return (amount - overall * n) / n_whole if n_whole else 0.0

    return share(windows[1], after) - share(windows[0], before)


def _fraction(metric: Metric, totals: Totals) -> tuple[int, int]:
    if metric.unit is Unit.RATE:
        ratio: Ratio = getattr(totals, metric.ratio)
        return ratio.k, ratio.n
    histogram: Histogram = getattr(totals, metric.histogram)
    return histogram.sum_ms, histogram.n


def _weight(part: Totals, whole: Totals) -> float:
    return part.n_conversations / whole.n_conversations if whole.n_conversations else 0.0


def _size(metric: Metric, finding: Finding) -> float:
    """Comparable across units: Cohen's h of rates, the logarithm of the ratio of counts."""
    if metric.unit is Unit.RATE:
        return abs(2 * math.asin(math.sqrt(finding.after)) - 2 * math.asin(math.sqrt(finding.before)))
    return abs(math.log(finding.after / finding.before))
