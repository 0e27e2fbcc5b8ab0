"""Which hours of the last week lie outside what the same hours of the weeks before make likely. Pure.

Expected is the median of the same hour of the week, after the weeks were taken to one volume along their trend: growth
is no anomaly, and neither last month's outage nor its spike teaches the band. Counts are compared on the square root
scale, where a Poisson variable has a spread of one whatever its size (Anscombe, Biometrika 1948). How much more than
that a merchant's hours vary is measured from its own past by the median, and widens the band. Sums over three hours
and over a day are looked at as well: what is a little wrong all day shows in no single hour.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

HOURS = 168
# With fewer weeks nothing is said.
MIN_WEEKS = 4
SPANS = (1, 3, 24)
# A longer stretch must be so much clearer than a shorter one in it to be the one that is told.
CLEARER = 1.1
# Two of an incident's parts may be so many hours apart: what is broken overnight shows again the next morning.
JOIN_WITHIN = 24
# Spreads outside of which an hour is no chance; more where few weeks tell what is usual. A quiet week in which one of
# its 504 sums is beyond it is one in a hundred (tests/analytics/test_anomalies.py).
Z, Z_PER_WEEK = 4.5, 4.5
# A smaller difference is nobody's alarm, however certain it is.
MIN_CONVERSATIONS, MIN_SHARE, MIN_POINTS = 10, 0.3, 0.1
# A rate needs so many conversations, and the merchant's own overall rate counts like so many of each hour.
MIN_N, PRIOR_N = 20, 50.0
# The median of a chi-square variable with one degree of freedom, and the variance of a median over that of a mean.
CHI_SQUARE_MEDIAN, MEDIAN_VARIANCE = 0.4549, 1.57

Hours = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Outlier:
    """Hours `first` to `last` of the last week (0–167). `value`, `expected` and the band are conversations in these
    hours together, or a rate 0–1; `z` is positive above the band."""

    first: int
    last: int
    value: float
    expected: float
    low: float
    high: float
    z: float


def find_unusual_volume(counts: Hours) -> list[Outlier]:
    """`counts` (weeks, 168): conversations per local hour, the last row is the week that is judged; NaN for an hour
    that the clock skipped. The outliers in order, each stretch of hours once; none with too little past."""
    n_weeks = len(counts) - 1
    if n_weeks < MIN_WEEKS:
        return []
    level = _level(counts[:-1])
    counts = np.where(np.isnan(counts), _expected(counts, level), counts)
    found: list[Outlier] = []
    for span in SPANS:
        seen = _sums(counts, span)
        usual = _expected(seen.reshape(counts.shape), level).ravel()
        excess = _overdispersion(_root(seen) - _root(usual), usual, n_weeks)
        half = _limit(n_weeks) * np.sqrt((1 + excess * usual) * (1 + MEDIAN_VARIANCE / n_weeks))
        z = (_root(seen) - _root(usual)) / half * _limit(n_weeks)
        low, high = _unroot(_root(usual) - half), _unroot(_root(usual) + half)
        difference = np.abs(seen - usual)
        matters = (difference >= np.maximum(MIN_CONVERSATIONS, MIN_SHARE * usual)) & ((seen < low) | (seen > high))
        found += _last_week(span, matters, seen, usual, low, high, z)
    return _distinct(found)


def find_unusual_rate(k: Hours, n: Hours) -> list[Outlier]:
    """`k` of `n` conversations per local hour, both (weeks, 168) as above; NaN counts as no conversation."""
    n_weeks = len(n) - 1
    k, n = np.nan_to_num(k), np.nan_to_num(n)
    n_past = n[:-1].sum()
    if n_weeks < MIN_WEEKS or n_past < MIN_N:
        return []
    overall = k[:-1].sum() / n_past
    p = np.broadcast_to((k[:-1].sum(0) + PRIOR_N * overall) / (n[:-1].sum(0) + PRIOR_N), n.shape)
    found: list[Outlier] = []
    for span in SPANS:
        seen_n, seen_k, usual_k = _sums(n, span), _sums(k, span), _sums(n * p, span)
        with np.errstate(invalid="ignore", divide="ignore"):
            rate, usual = seen_k / seen_n, usual_k / seen_n
            error = np.sqrt(usual * (1 - usual) / seen_n)
            excess = _overdispersion((rate - usual) / error, seen_n, n_weeks)
            half = _limit(n_weeks) * error * np.sqrt(1 + excess * seen_n)
            z = (rate - usual) / half * _limit(n_weeks)
            low, high = np.clip(usual - half, 0, 1), np.clip(usual + half, 0, 1)
            matters = (seen_n >= MIN_N) & (np.abs(rate - usual) >= MIN_POINTS) & (np.abs(z) > _limit(n_weeks))
        found += _last_week(span, matters, rate, usual, low, high, z)
    return _distinct(found)


def _limit(n_weeks: int) -> float:
    return Z + Z_PER_WEEK / n_weeks


def _root(counts: Hours) -> Hours:
    return 2 * np.sqrt(np.maximum(counts, 0) + 0.375)


def _unroot(roots: Hours) -> Hours:
    return np.maximum(np.maximum(roots, 0) ** 2 / 4 - 0.375, 0)


def _level(past: Hours) -> Hours:
    """(weeks + 1, 1): the weeks' volumes along their trend, and where the trend takes the week that is judged."""
    logs = np.log(np.maximum(np.nansum(past, axis=1), 1))
    earlier, later = np.triu_indices(len(logs), 1)
    slope = np.median((logs[later] - logs[earlier]) / (later - earlier))  # Theil–Sen
    start = np.median(logs - slope * np.arange(len(logs)))
    level: Hours = np.exp(np.append(logs - start, slope * len(logs)))[:, None]
    return level


def _expected(sums: Hours, level: Hours) -> Hours:
    """(weeks, 168): the median of the same hours of the past weeks. The last week's own have no part in it."""
    expected: Hours = level * np.nanmedian(sums[:-1] / level[:-1], axis=0)
    return expected


def _sums(hours: Hours, span: int) -> Hours:
    """The sum of each hour and the `span - 1` before it, over all weeks in one row; NaN where these begin earlier."""
    running = np.concatenate([[0.0], np.cumsum(hours)])
    sums = np.full(hours.size, np.nan)
    sums[span - 1 :] = running[span:] - running[:-span]
    return sums


def _overdispersion(residuals: Hours, size: Hours, n_weeks: int) -> float:
    """By how much the variance grows with the size beyond pure chance, in the busier half of the past hours."""
    past_residuals, past_size = residuals[: n_weeks * HOURS], size[: n_weeks * HOURS]
    known = np.isfinite(past_residuals) & (past_size > 0)
    if not known.any():
        return 0.0
    past_residuals, past_size = past_residuals[known], past_size[known]
    busy = past_size >= np.median(past_size)
    variance = np.median(past_residuals[busy] ** 2) / CHI_SQUARE_MEDIAN * n_weeks / (n_weeks - 1)
    return max(0.0, float((variance - 1) / np.median(past_size[busy])))


def _last_week(
    span: int, matters: NDArray[np.bool_], seen: Hours, usual: Hours, low: Hours, high: Hours, z: Hours
) -> list[Outlier]:
    begin = len(seen) - HOURS
    hours = np.flatnonzero(matters[begin:])
    numbers = zip(*(each[begin + hours].tolist() for each in (seen, usual, low, high, z)), strict=True)
    return [
        Outlier(max(last - span + 1, 0), last, *its_numbers)
        for last, its_numbers in zip(hours.tolist(), numbers, strict=True)
    ]


def _distinct(outliers: list[Outlier]) -> list[Outlier]:
    """The strongest of those that share an hour; the others only show it again."""

    def strength(outlier: Outlier) -> float:
        return abs(outlier.z) / CLEARER ** sum(outlier.last - outlier.first >= span for span in SPANS)

    kept: list[Outlier] = []
    for outlier in sorted(outliers, key=strength, reverse=True):
        if all(outlier.last < other.first or outlier.first > other.last for other in kept):
            kept.append(outlier)
    return sorted(kept, key=lambda each: each.first)


@dataclass(frozen=True, slots=True)
class Incident:
    """Outliers on one side of the band that follow each other; `worst` is the strongest."""

    first: int
    last: int
    worst: Outlier


def join_outliers(outliers: list[Outlier]) -> list[Incident]:
    incidents: list[Incident] = []
    for is_above in (True, False):
        for outlier in (each for each in outliers if (each.z > 0) == is_above):
            before = incidents[-1] if incidents else None
            if before and (before.worst.z > 0) == is_above and outlier.first - before.last <= JOIN_WITHIN:
                worst = max(before.worst, outlier, key=lambda each: abs(each.z))
                incidents[-1] = Incident(before.first, outlier.last, worst)
            else:
                incidents.append(Incident(outlier.first, outlier.last, outlier))
    return sorted(incidents, key=lambda each: each.first)
