"""Figures of weighted rows, for all samples of a bootstrap at once. Pure.

Drawing with replacement is a weight for each row (how often it was drawn), so a thousand samples are one matrix
(samples x rows) and each figure a few products of matrices.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STEPS = 5  # of the scale 0, 0.25 … 1, for kappa
CONFIDENCE = (0.025, 0.975)
_AT_ONCE = 400_000  # cells of the matrix: a few MB
_NOTHING = 1e-12  # a variance below is that of equal values

Vector = NDArray[np.float64]
Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Order:
    """The rows of one column by rising value; `starts` is where each distinct value begins."""

    rows: Rows
    starts: Rows
    inverse: Rows

    @classmethod
    def of(cls, values: Vector) -> "Order":
        distinct, inverse = np.unique(values, return_inverse=True)
        rows = np.argsort(inverse, kind="stable")
        return cls(rows, np.searchsorted(inverse[rows], np.arange(len(distinct))), inverse)

    def ranks(self, weights: Vector) -> Vector:
        """Mid-ranks within each sample; ties share theirs."""
        counts = np.add.reduceat(weights[:, self.rows], self.starts, axis=1)
        return np.asarray((np.cumsum(counts, axis=1) - counts / 2)[:, self.inverse])


@dataclass(frozen=True, slots=True)
class Columns:
    x: Vector
    y: Vector
    x_order: Order
    y_order: Order

    @classmethod
    def of(cls, x: Vector, y: Vector) -> "Columns":
        return cls(x, y, Order.of(x), Order.of(y))


def draw(n: int, samples: int) -> Iterator[Vector]:
    """How often each of `n` rows comes up in each of `samples` draws of `n`; the same on every call. In portions."""
    rng = np.random.default_rng(0)
    while samples > 0:
        size = min(samples, max(1, _AT_ONCE // n))
        picked = rng.integers(0, n, (size, n)) + n * np.arange(size)[:, None]
        yield np.bincount(picked.ravel(), minlength=n * size).reshape(size, n).astype(float)
        samples -= size


def interval(samples: Vector) -> tuple[float | None, float | None]:
    """95 % percentile interval; samples in which a figure does not exist are left out."""
    known = samples[np.isfinite(samples)]
    if not len(known):
        return None, None
    low, high = np.quantile(known, CONFIDENCE)
    return rounded(low), rounded(high)


def rounded(value: float) -> float | None:
    return round(float(value), 4) if np.isfinite(value) else None


def correlate(x: Vector, y: Vector, weights: Vector) -> Vector:
    """Pearson's r of each sample; `x` and `y` are one row for all samples or one for each."""
    total = weights.sum(1)  # 0 where none of these rows was drawn: no figure
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_x, mean_y = ((weights * column).sum(1) / total for column in (x, y))
    dx, dy = x - mean_x[:, None], y - mean_y[:, None]
    weighted = weights * dx
    covariance, square_x = (weighted * dy).sum(1), (weighted * dx).sum(1)
    scale = square_x * (weights * dy * dy).sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(scale > _NOTHING * total**2, covariance / np.sqrt(scale), np.nan)


def pearson(columns: Columns, weights: Vector) -> Vector:
    return correlate(columns.x, columns.y, weights)


def spearman(columns: Columns, weights: Vector) -> Vector:
    return correlate(columns.x_order.ranks(weights), columns.y_order.ranks(weights), weights)


def mean_absolute_error(columns: Columns, weights: Vector) -> Vector:
    return np.asarray(weights @ np.abs(columns.x - columns.y) / weights.sum(1))


def weighted_kappa(columns: Columns, weights: Vector) -> Vector:
    """1 minus the squared distance of the steps over that of the same marks at random (Cohen 1968)."""
    a, b = (np.floor(np.clip(column, 0, 1) * (STEPS - 1) + 0.5) for column in (columns.x, columns.y))
    total = weights.sum(1)
    observed = weights @ (a - b) ** 2 / total
    mean_a, mean_b = weights @ a / total, weights @ b / total
    expected = weights @ (a * a) / total + weights @ (b * b) / total - 2 * mean_a * mean_b
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(expected > _NOTHING, 1 - observed / expected, np.nan)


MEASURES: dict[str, Callable[[Columns, Vector], Vector]] = {
    "pearson": pearson,
    "spearman": spearman,
    "mean_absolute_error": mean_absolute_error,
    "weighted_kappa": weighted_kappa,
}
