"""How well scores agree with people, next to how well people agree with each other. Pure.

Every figure has a 95 % percentile bootstrap interval. What is drawn are conversations, not rows: marks of one
conversation by several people go together, and each conversation counts once however many people marked it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

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
    scores: Sequence[float] | Vector, labels: Sequence[float] | Vector, *, groups: Sequence[int] | None = None
) -> Agreement:
    """`groups` names the conversation of each row; without it every row is one."""
    x, y = np.asarray(scores, dtype=float), np.asarray(labels, dtype=float)
    owner: Rows = np.arange(len(x)) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    n = int(owner.max()) + 1 if len(x) else 0
    if not n:
        return Agreement(0)
    columns, share = Columns.of(x, y), 1.0 / np.bincount(owner)[owner]
    varies = n >= MIN_N and np.ptp(x) > 0 and np.ptp(y) > 0
    measures = MEASURES if varies else {"mean_absolute_error": mean_absolute_error}
    found = {name: rounded(measure(columns, share[None, :])[0]) for name, measure in measures.items()}
    if n < MIN_N:
        return Agreement(n=n, **found)
    samples: dict[str, list[Vector]] = {name: [] for name in measures}
    for drawn in draw(n, BOOTSTRAP_SAMPLES):
        weights = drawn[:, owner] * share
        for name, measure in measures.items():
            samples[name].append(measure(columns, weights))
    for name, parts in samples.items():
        found[f"{name}_low"], found[f"{name}_high"] = interval(np.concatenate(parts))
    return Agreement(n=n, **found)


def human_agreement(ratings: Sequence[Sequence[float]]) -> dict[str, Agreement]:
    """The ceiling: the first rater with the second, and the first with the mean of two or more others.

    A third rater is often called because two disagreed, so pairs with the third would look worse than people are.
    """
    pairs = [row for row in ratings if len(row) >= 2]
    rows = [row for row in ratings if len(row) >= 3]
    return {
        "one_with_another": measure_agreement([row[0] for row in pairs], [row[1] for row in pairs]),
        "one_with_mean_of_others": measure_agreement(
            [row[0] for row in rows], [sum(row[1:]) / (len(row) - 1) for row in rows]
        ),
    }


def measure_ceiling(scores: Sequence[float] | Vector, ratings: Sequence[Sequence[float]]) -> Ceiling:
    """`ratings` holds for each score the marks of one or more people."""
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
    low, high = interval(np.concatenate([measure(drawn)[1] for drawn in draw(len(x), BOOTSTRAP_SAMPLES)]))
    return Ceiling(len(owner), rounded(reliability), rounded(reliability**0.5), rounded(share), low, high)
