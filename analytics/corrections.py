"""The mean of any part of the scores, taken to people's scale by what labels of the whole series taught. Pure.

A straight line is the one map that is exact on sums and under which parts still add up to their whole; so means of
periods, channels and topics go through the line, and single conversations through the curve. As an estimate of a mean
it is the regression estimator of survey sampling (Cochran 1977, chapter 7) with the tuned slope of PPI++.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import hypot, sqrt

import scipy.stats

from analytics.calibration import FittedMap, Vector, guarded_variance

Z = 1.96


@dataclass(frozen=True, slots=True)
class Corrected:
    """`half_apart` is the half-width without what all parts share, for comparing two of them."""

    value: float
    low: float
    high: float
    half_apart: float


@dataclass(frozen=True, slots=True)
class Correction:
    """`value` is the corrected mean at the mean score `score`; from there it goes by `slope`. `label_score` is the mean
    score of the `n` labelled conversations, around which the slope is known best."""

    n: int
    value: float
    score: float
    slope: float
    label_score: float
    residual_variance: float
    slope_variance: float

    def apply(self, mean: float, n: int, deviation: float | None) -> Corrected:
        """Of `n` scores with this mean and sample deviation. The interval takes them for a sample of what the agent
        does, as that of a raw mean; labels of the same conversations would only narrow it."""
        value = self.value + self.slope * (mean - self.score)
        apart = Z * self.slope * (deviation or 0.0) / sqrt(n)
        away = self.label_score - mean
        shared = t_of(self.n) * sqrt(self.residual_variance / self.n + away**2 * self.slope_variance)
        half = hypot(apart, shared)
        return Corrected(_on_scale(value), _on_scale(value - half), _on_scale(value + half), apart)


def build_correction(
    fitted: FittedMap, scores: Vector, labels: Vector, *, value: float, power: float, score: float, slope: float
) -> Correction:
    """`score` is the mean of all scores and `slope` that of the curve over them (see slope_over)."""
    slope = power * slope
    away = scores - scores.mean()
    spread = max(float(away @ away), 1e-6)
    variance = max(guarded_variance(labels - slope * scores), guarded_variance(labels - power * fitted.predictions))
    return Correction(len(scores), value, score, slope, float(scores.mean()), variance, variance / spread)


def slope_over(fitted: FittedMap, scores: Vector, counts: Vector) -> float:
    """The straight line nearest to the curve, over all scores (`counts` of each value)."""
    total = counts.sum()
    away = scores - counts @ scores / total
    spread = float(counts @ away**2)
    return float(counts @ (away * fitted.apply(scores))) / spread if spread > 1e-9 else 0.0


@lru_cache(maxsize=1_000)
def t_of(n: int) -> float:
    return float(scipy.stats.t.ppf(0.975, n - 1))


def _on_scale(value: float) -> float:
    return min(1.0, max(0.0, value))
