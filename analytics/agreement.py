"""How well scores agree with people, next to how well people agree with each other. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

BOOTSTRAP_SAMPLES = 1_000
MIN_N = 3  # below, a correlation says nothing


@dataclass(frozen=True, slots=True)
class Agreement:
    """Correlations are None where one side never varies or n is below 3; the interval is a 95 % bootstrap."""

    n: int
    pearson: float | None
    spearman: float | None
    spearman_low: float | None
    spearman_high: float | None
    mean_absolute_error: float | None


def measure_agreement(scores: Sequence[float], labels: Sequence[float]) -> Agreement:
    x, y = np.asarray(scores, dtype=float), np.asarray(labels, dtype=float)
    if len(x) == 0:
        return Agreement(0, None, None, None, None, None)
    error = round(float(np.abs(x - y).mean()), 4)
    if len(x) < MIN_N or np.ptp(x) == 0 or np.ptp(y) == 0:
        return Agreement(len(x), None, None, None, None, error)
    low, high = _bootstrap_spearman(x, y)
    return Agreement(
        n=len(x),
        pearson=round(float(scipy.stats.pearsonr(x, y).statistic), 4),
        spearman=round(float(scipy.stats.spearmanr(x, y).statistic), 4),
        spearman_low=low,
        spearman_high=high,
        mean_absolute_error=error,
    )


def _bootstrap_spearman(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float | None, float | None]:
    rng = np.random.default_rng(0)
    found = []
    for _sample in range(BOOTSTRAP_SAMPLES):
        rows = rng.integers(0, len(x), len(x))
        if np.ptp(x[rows]) and np.ptp(y[rows]):
            found.append(float(scipy.stats.spearmanr(x[rows], y[rows]).statistic))
    if not found:
        return None, None
    low, high = np.quantile(found, [0.025, 0.975])
    return round(float(low), 4), round(float(high), 4)


def human_agreement(ratings: Sequence[Sequence[float]]) -> dict[str, Agreement]:
    """The ceiling: the first rater with the second, and one rater with the mean of two or more others."""
    pairs = [row for row in ratings if len(row) >= 2]
    rows = [row for row in ratings if len(row) >= 3]
    return {
        "one_with_another": measure_agreement([row[0] for row in pairs], [row[1] for row in pairs]),
        "one_with_mean_of_others": measure_agreement(
            [row[0] for row in rows], [float(np.mean(row[1:])) for row in rows]
        ),
    }
