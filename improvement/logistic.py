"""A logistic regression as plain numbers: it can be stored, applied without scikit-learn, and explained."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

# One setting for every merchant. Strong regularisation, for a small knowledge base teaches little.
REGULARISATION = 0.01

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Logistic:
    mean: Matrix
    scale: Matrix
    weights: Matrix
    intercept: float

    def contributions(self, features: Matrix) -> Matrix:
        """Per feature what it adds to the log odds; with the intercept they add up to the whole."""
        added: Matrix = (features - self.mean) / self.scale * self.weights
        return added

    def predict(self, features: Matrix) -> Matrix:
        probability: Matrix = 1 / (1 + np.exp(-(self.contributions(features).sum(axis=1) + self.intercept)))
        return probability

    def to_json(self) -> dict[str, Any]:
        return {
            "mean": self.mean.tolist(),
            "scale": self.scale.tolist(),
            "weights": self.weights.tolist(),
            "intercept": self.intercept,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Logistic":
        arrays = {name: np.array(stored[name], dtype=np.float64) for name in ("mean", "scale", "weights")}
        return cls(**arrays, intercept=float(stored["intercept"]))


def fit(features: Matrix, is_true: NDArray[np.bool_], weight: Matrix) -> Logistic:
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - a second that no web start need pay

    mean, scale = features.mean(axis=0), features.std(axis=0)
    scale = np.where(scale > 0, scale, 1)
    model = LogisticRegression(C=REGULARISATION, max_iter=1000)
    model.fit((features - mean) / scale, is_true, sample_weight=weight)
    return Logistic(mean, scale, model.coef_[0], float(model.intercept_[0]))
