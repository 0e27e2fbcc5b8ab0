"""The mean of any part of the scores, taken to people's scale by what labels of the whole series taught. Pure.

A straight line is the one map that is exact on sums and under which parts still add up to their whole; so means of
periods, channels and topics go through the line, and single conversations through the curve. As an estimate of a mean
it is the regression estimator of survey sampling (Cochran 1977, chapter 7) with the tuned slope of PPI++.
"""

from dataclasses import dataclass
from math import hypot, sqrt

Series = tuple[str, str, str]  # scorer, its version, the rubric's

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
    score of the `n` labelled conversations, around which the slope is known best; `critical` the t quantile for `n`."""

    n: int
    critical: float
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
        shared = self.critical * sqrt(self.residual_variance / self.n + away**2 * self.slope_variance)
        half = hypot(apart, shared)
        return Corrected(_on_scale(value), _on_scale(value - half), _on_scale(value + half), apart)


def _on_scale(value: float) -> float:
    return min(1.0, max(0.0, value))
