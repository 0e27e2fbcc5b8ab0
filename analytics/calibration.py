"""From a scorer's scale to that of people: a monotone map, and a mean corrected by labels. Pure.

Labels must be a random sample of what was scored. Maps are cross-fitted: what a map says of a conversation comes from a
map that did not see its label, so that errors measured here are those on conversations that nobody labelled.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

import numpy as np
import scipy.optimize
import scipy.stats
from numpy.typing import NDArray

from analytics.corrections import Correction

Vector = NDArray[np.float64]

GRID = np.linspace(0.0, 1.0, 101)
MIN_LABELS = 30  # fewer, and everything is provisional (metrics.md)
MIN_TO_MAP = 5
MIN_ISOTONIC = 100
N_FOLDS = 10
# Labels after which a monotone curve has half of the say, the line the other.
ISOTONIC_WEIGHT = 50
MIDDLE = 0.5
# The largest variance on a scale of 0-1. One more mark with it stands for what a few labels did not happen to show:
# most marks are high, and twenty often hold none of the rare failures (coverage 89 % without it, 93 % with it).
_UNSEEN_VARIANCE = 0.25


class Kind(StrEnum):
    LINEAR = "linear"
    ISOTONIC = "isotonic"


@dataclass(frozen=True, slots=True)
class Prior:
    """What is expected of a map before a merchant's own labels: its value at a raw score of 0.5 and its slope, each
    with the standard deviation between merchants."""

    level: float
    slope: float
    level_deviation: float
    slope_deviation: float


# Without anybody's labels scores are taken as they are.
HOUSE = Prior(level=0.5, slope=1.0, level_deviation=0.25, slope_deviation=0.5)


@dataclass(frozen=True, slots=True)
class Line:
    """The plain least squares of labels on scores, for pooling, with the variances of its two numbers."""

    level: float
    slope: float
    level_variance: float
    slope_variance: float

    @property
    def is_known(self) -> bool:
        """Scores that are all the same have no slope."""
        return bool(np.isfinite(self.level_variance + self.slope_variance))


@dataclass(frozen=True, slots=True)
class FittedMap:
    """`curve` has the map's values at GRID: the mean of the fold's maps. `predictions` are cross-fitted."""

    kind: Kind
    curve: Vector
    predictions: Vector
    line: Line

    def apply(self, scores: Vector) -> Vector:
        return np.asarray(np.interp(scores, GRID, self.curve))


@dataclass(frozen=True, slots=True)
class CorrectedMean:
    """The mean mark that people would have given to all scored conversations, with its 95 % interval.

    `power` is how far the map is trusted (0: labels alone); `rectifier` is what the labels add to the map's mean.
    """

    value: float
    low: float
    high: float
    power: float
    rectifier: float
    residual_variance: float
    n: int

    @property
    def half(self) -> float:
        return (self.high - self.low) / 2


def calibrate(scores: Vector, labels: Vector, prior: Prior = HOUSE) -> FittedMap:
    """Raises ValueError below MIN_TO_MAP labels. The order of the rows decides the folds and nothing else."""
    if len(scores) < MIN_TO_MAP:
        raise ValueError(f"A map needs {MIN_TO_MAP} labels, not {len(scores)}.")
    lines = cross_fit(scores, labels, prior, isotonic=False)
    kind, (curves, predictions) = Kind.LINEAR, lines
    if len(scores) >= MIN_ISOTONIC:
        bent = cross_fit(scores, labels, prior, isotonic=True)
        gain = (labels - lines[1]) ** 2 - (labels - bent[1]) ** 2
        if gain.mean() > gain.std(ddof=1) / sqrt(len(gain)):
            kind, (curves, predictions) = Kind.ISOTONIC, bent
    return FittedMap(kind, np.round(curves.mean(0), 5), predictions, plain_line(scores, labels))


def cross_fit(scores: Vector, labels: Vector, prior: Prior, *, isotonic: bool) -> tuple[Vector, Vector]:
    """The folds' curves, and for each row the prediction of the one that did not see it."""
    n_folds = min(N_FOLDS, len(scores))
    fold = np.random.default_rng(0).permutation(len(scores)) % n_folds
    curves = []
    predictions = np.empty(len(scores))
    for number in range(n_folds):
        seen = fold != number
        curve = shrunk_line(scores[seen], labels[seen], prior)
        if isotonic:
            weight = seen.sum() / (seen.sum() + ISOTONIC_WEIGHT)
            curve = weight * rising_curve(scores[seen], labels[seen]) + (1 - weight) * curve
        curves.append(curve)
        predictions[~seen] = np.interp(scores[~seen], GRID, curve)
    return np.array(curves), predictions


def shrunk_line(scores: Vector, labels: Vector, prior: Prior) -> Vector:
    """Least squares drawn towards the prior by its variance and the data's: empirical Bayes for a normal mean (Efron
    and Morris 1973), for the height at the mean score and the slope, whose estimates do not depend on each other."""
    mean = scores.mean()
    height, slope, height_variance, slope_variance = _least_squares(scores, labels)
    away = mean - MIDDLE
    expected = prior.level + prior.slope * away
    height = _shrink(height, height_variance, expected, prior.level_deviation**2 + (away * prior.slope_deviation) ** 2)
    slope = max(0.0, _shrink(slope, slope_variance, prior.slope, prior.slope_deviation**2))
    return np.asarray(np.clip(height + slope * (GRID - mean), 0.0, 1.0))


def _least_squares(scores: Vector, labels: Vector) -> tuple[float, float, float, float]:
    """Height at the mean score, slope, and their variances; an infinite one where all scores are the same."""
    n, dx = len(scores), scores - scores.mean()
    spread = float(dx @ dx)
    slope = float(dx @ labels) / spread if spread > 1e-9 else 0.0
    variance = guarded_variance(labels - labels.mean() - slope * dx)
    return float(labels.mean()), slope, variance / n, variance / spread if spread > 1e-9 else np.inf


def _shrink(value: float, variance: float, expected: float, between: float) -> float:
    weight = between / (between + variance)
    return weight * value + (1 - weight) * expected


def rising_curve(scores: Vector, labels: Vector) -> Vector:
    """Isotonic regression (Barlow et al. 1972): between the blocks' mean scores in straight lines, flat outside."""
    order = np.lexsort((labels, scores))
    fitted = scipy.optimize.isotonic_regression(labels[order])
    starts = fitted.blocks[:-1]
    sizes = np.diff(fitted.blocks)
    middles = np.add.reduceat(scores[order], starts) / sizes
    return np.asarray(np.clip(np.interp(GRID, middles, fitted.x[starts]), 0.0, 1.0))


def plain_line(scores: Vector, labels: Vector) -> Line:
    height, slope, height_variance, slope_variance = _least_squares(scores, labels)
    away = MIDDLE - float(scores.mean())
    return Line(height + slope * away, slope, height_variance + away**2 * slope_variance, slope_variance)


def pool(lines: Sequence[Line]) -> Prior:
    """The merchants' common line and how much they differ (DerSimonian and Laird 1986). Rounded, as others see it."""
    level, level_deviation = _pool([(line.level, line.level_variance) for line in lines], floor=0.05)
    slope, slope_deviation = _pool([(line.slope, line.slope_variance) for line in lines], floor=0.1)
    return Prior(*(round(value, 2) for value in (level, slope, level_deviation, slope_deviation)))


def _pool(estimates: Sequence[tuple[float, float]], *, floor: float) -> tuple[float, float]:
    values, variances = np.array(estimates).T
    weights = 1 / variances
    mean = weights @ values / weights.sum()
    excess = weights @ (values - mean) ** 2 - (len(values) - 1)
    between = max(0.0, excess / (weights.sum() - weights @ weights / weights.sum()))
    weights = 1 / (variances + between)
    return float(weights @ values / weights.sum()), max(floor, sqrt(between + 1 / weights.sum()))


def guarded_variance(values: Vector) -> float:
    """The sample variance with one more mark of the largest variance."""
    n = len(values)
    return guard(float(values.var(ddof=1)), n) if n > 1 else _UNSEEN_VARIANCE


def guard(variance: float, n: int) -> float:
    return ((n - 1) * variance + _UNSEEN_VARIANCE) / n


def half_width(variance: float, n: int, n_all: int) -> float:
    """Of the 95 % t interval of the mean of `n_all`, of which `n` were drawn without replacement (Cochran 1977)."""
    if n < 2:
        return 1.0
    return float(scipy.stats.t.ppf(0.975, n - 1)) * sqrt(variance * max(0.0, 1 / n - 1 / max(n, n_all)))


def labels_only(labels: Vector, n_all: int) -> CorrectedMean:
    """What the labels say without any score."""
    return _build_mean(labels, 0.0, 0.0, n_all)


def correct_mean(labels: Vector, predictions: Vector, mean_of_all: float, n_all: int) -> CorrectedMean:
    """Prediction-powered inference (Angelopoulos et al. 2023), with the power tuned as in PPI++ (Angelopoulos, Duchi
    and Zrnic 2023) and cross-fitted maps (Zrnic and Candes 2024).

    `mean_of_all` is that of the map over all `n_all` scored conversations, the labelled ones among them. As these are
    drawn from those, the best power is the plain regression of labels on predictions, between 0 and 1, and the interval
    is never wider than that of the labels alone.
    """
    deviations = predictions - predictions.mean()
    spread = float(deviations @ deviations)
    power = min(1.0, max(0.0, float(deviations @ labels) / spread)) if spread > 1e-9 else 0.0
    return _build_mean(labels - power * predictions, power, power * mean_of_all, n_all)


def _build_mean(left: Vector, power: float, explained: float, n_all: int) -> CorrectedMean:
    variance, rectifier = guarded_variance(left), float(left.mean())
    half, value = half_width(variance, len(left), n_all), explained + rectifier
    return CorrectedMean(
        value=min(1.0, max(0.0, value)),
        low=max(0.0, value - half),
        high=min(1.0, value + half),
        power=power,
        rectifier=rectifier,
        residual_variance=float(left.var(ddof=1)) if len(left) > 1 else _UNSEEN_VARIANCE,
        n=len(left),
    )


def build_correction(
    fitted: FittedMap, scores: Vector, labels: Vector, *, value: float, power: float, score: float, slope: float
) -> Correction:
    """`score` is the mean of all scores and `slope` that of the curve over them (see slope_over)."""
    slope = power * slope
    away = scores - scores.mean()
    spread = max(float(away @ away), 1e-6)
    variance = max(guarded_variance(labels - slope * scores), guarded_variance(labels - power * fitted.predictions))
    critical = float(scipy.stats.t.ppf(0.975, len(scores) - 1))
    return Correction(len(scores), critical, value, score, slope, float(scores.mean()), variance, variance / spread)


def slope_over(fitted: FittedMap, scores: Vector, counts: Vector) -> float:
    """The straight line nearest to the curve, over all scores (`counts` of each value)."""
    total = counts.sum()
    away = scores - counts @ scores / total
    spread = float(counts @ away**2)
    return float(counts @ (away * fitted.apply(scores))) / spread if spread > 1e-9 else 0.0


def advise(
    residual_variance: float, n: int, n_all: int, more: Sequence[int] = (20, 50, 100)
) -> Iterator[tuple[int, float]]:
    """So many more labels, and the half-width of the interval that is to be expected with them."""
    for extra in more:
        if n + extra <= n_all:
            yield extra, expected_half(residual_variance, n + extra, n_all)


def expected_half(residual_variance: float, n: int, n_all: int) -> float:
    return half_width(guard(residual_variance, n), n, n_all)


def is_provisional(n: int, spearman_low: float | None) -> bool:
    return n < MIN_LABELS or spearman_low is None or spearman_low <= 0
