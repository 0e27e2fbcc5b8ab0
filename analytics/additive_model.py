"""A score as a sum over features, one curve each: what a feature added is exact, and all of it adds up to the score.

score = sigmoid(baseline + Σ curve_f(x_f)); a curve is a straight line that may bend at fixed knots. Fitted as a
fractional logistic regression (Papke and Wooldridge 1996: the likelihood of a yes or no, with shares as labels) whose
ridge penalty pulls towards the prior's weights and not towards zero. With few labels it stays the prior; scikit-learn's
logistic regression knows neither shares nor such a centre. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

KNOTS = (-1.0, 0.0, 1.0)
N_PARTS = 1 + len(KNOTS)  # the line, and a bend at each knot
STEPS = 30
_ENOUGH = 1e-9

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AdditiveModel:
    """`weights` has a row for each feature: the slope, and by how much it changes at each knot."""

    baseline: float
    weights: Matrix

    def contributions(self, features: Matrix) -> Matrix:
        """(n, features) in log-odds. A feature that is not known adds nothing."""
        return np.asarray((expand(features) * self.weights).sum(axis=2))

    def predict(self, features: Matrix) -> Matrix:
        """Scores 0–1."""
        return sigmoid(self.baseline + self.contributions(features).sum(axis=1))

    def as_json(self) -> dict[str, object]:
        return {"baseline": round(self.baseline, 6), "weights": self.weights.round(6).tolist()}

    @classmethod
    def from_json(cls, stored: dict[str, object]) -> "AdditiveModel":
        return cls(float(str(stored["baseline"])), np.array(stored["weights"], dtype=np.float64))


def straight(baseline: float, slopes: Sequence[float]) -> AdditiveModel:
    weights = np.zeros((len(slopes), N_PARTS))
    weights[:, 0] = slopes
    return AdditiveModel(baseline, weights)


def expand(features: Matrix) -> Matrix:
    """(n, features, parts). Every part is 0 where the feature is 0 or not known, so that both leave the baseline."""
    known = np.nan_to_num(features)
    bends = [np.maximum(known - knot, 0.0) - max(-knot, 0.0) for knot in KNOTS]
    return np.stack([known, *bends], axis=2)


def sigmoid(values: Matrix) -> Matrix:
    return np.asarray(1 / (1 + np.exp(-values)))


def fit(features: Matrix, labels: Matrix, prior: AdditiveModel, *, strength: float) -> AdditiveModel:
    """`labels` are 0–1; `strength` says how many label-sized pieces of evidence the prior's weights are worth.

    A feature that the prior leaves out stays out. Columns are centred, so that what never varies among the labels keeps
    the prior's weight and cannot stand in for the baseline, which is free: people's level is not the prior's. The
    problem is convex, so there is one answer.
    """
    learned = prior.weights.any(axis=1)
    columns = expand(features)[:, learned].reshape(len(labels), -1)
    means, slopes = columns.mean(axis=0), prior.weights[learned].ravel()
    design = np.column_stack([np.ones(len(labels)), columns - means])
    start = np.concatenate([[prior.baseline + means @ slopes], slopes])
    penalty = np.full(len(start), strength)
    penalty[0] = 1e-3  # keeps it finite where all labels are equal
    found = _minimise(design, labels, start, penalty)
    weights = prior.weights.copy()
    weights[learned] = found[1:].reshape(-1, N_PARTS)
    return AdditiveModel(float(found[0] - means @ found[1:]), weights)


def _minimise(design: Matrix, labels: Matrix, start: Matrix, penalty: Matrix) -> Matrix:
    """Newton's method; a step that would not get lower is halved, as from far out on the curve it goes too far."""

    def height(at: Matrix) -> float:
        logits = design @ at
        return float((np.logaddexp(0, logits) - labels * logits).sum() + (penalty * (at - start) ** 2).sum() / 2)

    found, lowest = start, height(start)
    for _step in range(STEPS):
        predicted = sigmoid(design @ found)
        slope = design.T @ (predicted - labels) + penalty * (found - start)
        curvature = (design * (predicted * (1 - predicted))[:, None]).T @ design + np.diag(penalty)
        move = np.linalg.solve(curvature, slope)
        while (now := height(found - move)) > lowest and np.abs(move).max() > _ENOUGH:
            move = move / 2
        if np.abs(move).max() <= _ENOUGH:
            break
        found, lowest = found - move, now
    return found
