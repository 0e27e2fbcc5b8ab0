"""How well scores agree with people, next to how well people agree with each other. Pure.

Every figure has a 95 % percentile bootstrap interval. Rows that hang together, such as answers to one question, are
drawn together: drawn one by one they would pass for more than they are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from analytics.resampling import (
    MEASURES,
    Columns,
    Rows,
    Vector,
    correlate,
    draw,
    interval,
    mean_absolute_error,
    rounded,
)

BOOTSTRAP_SAMPLES = 1_000
MIN_N = 3  # below, a correlation says nothing
MIN_CLUSTERS = 10  # below, drawing clusters says nothing, and rows are drawn

Clusters = Sequence[str] | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """`n` conversations. Correlations and kappa are None where one side never varies or n is below 3.

    Kappa is Cohen's with quadratic weights (Cohen 1968) on the five steps of the scale.
    """

    n: int
    pearson: float | None = None
    pearson_low: float | None = None
    pearson_high: float | None = None
    spearman: float | None = None
    spearman_low: float | None = None
    spearman_high: float | None = None
    mean_absolute_error: float | None = None
    mean_absolute_error_low: float | None = None
    mean_absolute_error_high: float | None = None
    weighted_kappa: float | None = None
    weighted_kappa_low: float | None = None
    weighted_kappa_high: float | None = None


@dataclass(frozen=True, slots=True)
class Ceiling:
    """How near scores come to the best that marks of these people allow.

    `reliability` is that of a conversation's mean mark: Spearman-Brown (Spearman 1910, Brown 1910),
    k r / (1 + (k - 1) r) with r between two people and k the harmonic mean of their number. `highest` is its root, the
    correlation of the mean mark with what ever more people would agree on. `share` is Pearson's r of score and mean
    mark over `highest`: the correction for attenuation (Spearman 1904, The proof and measurement of association).
    None where two people marked fewer than three conversations, or agreed no better than by chance.
    """

    n_pairs: int
    reliability: float | None = None
    highest: float | None = None
    share: float | None = None
    share_low: float | None = None
    share_high: float | None = None


def measure_agreement(
    scores: Sequence[float] | Vector, labels: Sequence[float] | Vector, *, clusters: Clusters = None
) -> Agreement:
    """`clusters` names for each row what it hangs together with; without it every row stands alone."""
    x, y = np.asarray(scores, dtype=float), np.asarray(labels, dtype=float)
    n = len(x)
    if not n:
        return Agreement(0)
    columns, once = Columns.of(x, y), np.ones((1, n))
    varies = n >= MIN_N and np.ptp(x) > 0 and np.ptp(y) > 0
    measures = MEASURES if varies else {"mean_absolute_error": mean_absolute_error}
    found = {name: rounded(measure(columns, once)[0]) for name, measure in measures.items()}
    if n < MIN_N:
        return Agreement(n=n, **found)
    samples: dict[str, list[Vector]] = {name: [] for name in measures}
    for weights in _draw_together(n, clusters):
        for name, measure in measures.items():
            samples[name].append(measure(columns, weights))
    for name, parts in samples.items():
        found[f"{name}_low"], found[f"{name}_high"] = interval(np.concatenate(parts))
    return Agreement(n=n, **found)


def _draw_together(n: int, clusters: Clusters) -> Iterator[Vector]:
    """How often each row comes up in each sample."""
    owner: Rows = np.arange(n) if clusters is None else np.unique(np.asarray(clusters), return_inverse=True)[1]
    if owner.max() + 1 < MIN_CLUSTERS:
        owner = np.arange(n)
    for drawn in draw(int(owner.max()) + 1, BOOTSTRAP_SAMPLES):
        yield drawn[:, owner]


def human_agreement(ratings: Sequence[Sequence[float]], *, clusters: Clusters = None) -> dict[str, Agreement]:
    """The ceiling: the first rater with the second, and the first with the mean of two or more others.

    A third rater is often called because two disagreed, so pairs with the third would look worse than people are.
    """

    def compare(least: int, others: slice) -> Agreement:
        places = [place for place, row in enumerate(ratings) if len(row) >= least]
        return measure_agreement(
            [ratings[place][0] for place in places],
            [fmean(ratings[place][others]) for place in places],
            clusters=clusters and [clusters[place] for place in places],
        )

    return {
        "one_with_another": compare(2, slice(1, 2)),
        "one_with_mean_of_others": compare(3, slice(1, None)),
    }


def measure_ceiling(
    scores: Sequence[float] | Vector, ratings: Sequence[Sequence[float]], *, clusters: Clusters = None
) -> Ceiling:
    """`ratings` holds for each score the marks of one or more people; `clusters` as in `measure_agreement`."""
    x, n_raters = np.asarray(scores, dtype=float), np.array([len(row) for row in ratings])
    owner = np.flatnonzero(n_raters >= 2)
    pairs = np.array([row[:2] for row in ratings if len(row) >= 2], dtype=np.float64).reshape(-1, 2)
    one, other = pairs.T
    if len(owner) < MIN_N or np.ptp(one) == 0 or np.ptp(x) == 0:
        return Ceiling(len(owner))
    mean_mark = np.array([sum(row) / len(row) for row in ratings])

    def measure(weights: Vector) -> tuple[Vector, Vector]:
        between = correlate(one, other, weights[:, owner])
        k = weights.sum(1) / (weights @ (1.0 / n_raters))
        with np.errstate(invalid="ignore", divide="ignore"):
            reliability = np.where(between > 0, k * between / (1 + (k - 1) * between), np.nan)
            return reliability, correlate(x, mean_mark, weights) / np.sqrt(reliability)

    reliability, share = (float(value[0]) for value in measure(np.ones((1, len(x)))))
    if not np.isfinite(reliability):
        return Ceiling(len(owner))
    low, high = interval(np.concatenate([measure(drawn)[1] for drawn in _draw_together(len(x), clusters)]))
    return Ceiling(len(owner), rounded(reliability), rounded(reliability**0.5), rounded(share), low, high)
