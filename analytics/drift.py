"""Alarms: people and scores part ways, or scores are spread otherwise than before. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
import scipy.stats

from analytics.calibration import Vector

MIN_LABELS = 40
# Looked at after every ten labels, 5 % of series that never change raise an alarm by their thousandth label (simulated:
# 95 % stay below 1.73 with normal residuals, 1.75 with exponential ones). A single look would need 1.36 (Kolmogorov).
LIMIT = 1.75
# The customary limit of a shift that matters; below 0.1 there is none (Siddiqi 2006, Credit Risk Scorecards).
PSI_LIMIT = 0.2
CHANCE = 0.001


@dataclass(frozen=True, slots=True)
class Shift:
    """Where the labels' distance from the calibrated scores changed most. `at` is the first label after it; `before`
    and `after` are the mean distances, positive where people mark higher."""

    n: int
    statistic: float
    is_alarm: bool
    at: int
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Spread:
    """The population stability index of the scores' tenths, recent against earlier."""

    n_recent: int
    n_before: int
    index: float
    is_alarm: bool


def find_shift(residuals: Sequence[float] | Vector) -> Shift | None:
    """CUSUM of the residuals in the order of their labels, over its end (Brown, Durbin and Evans 1975): the largest
    distance of the running sum from the straight line, in deviations times the root of n. None for too few labels or
    where nothing varies."""
    e = np.asarray(residuals, dtype=float)
    n = len(e)
    deviation = float(e.std()) if n else 0.0
    if n < MIN_LABELS or deviation < 1e-9:
        return None
    distances = np.abs(np.cumsum(e - e.mean()))[:-1]
    at = int(distances.argmax()) + 1
    statistic = float(distances[at - 1]) / (deviation * sqrt(n))
    return Shift(n, statistic, statistic > LIMIT, at, float(e[:at].mean()), float(e[at:].mean()))


def compare_spread(recent: Sequence[int], before: Sequence[int]) -> Spread | None:
    """An alarm needs both: a shift that matters, and one beyond chance (G-test). None where either is empty."""
    counts = np.array([recent, before], dtype=float)
    n_recent, n_before = (int(total) for total in counts.sum(1))
    if not n_recent or not n_before:
        return None
    shares = (counts + 0.5) / (counts + 0.5).sum(1, keepdims=True)
    index = float(((shares[0] - shares[1]) * np.log(shares[0] / shares[1])).sum())
    used = counts[:, counts.sum(0) > 0]
    chance = scipy.stats.chi2_contingency(used, lambda_="log-likelihood").pvalue if used.shape[1] > 1 else 1.0
    return Spread(n_recent, n_before, index, bool(index > PSI_LIMIT and chance < CHANCE))
