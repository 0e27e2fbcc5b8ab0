"""Fits so that every labelled row is also predicted by a model that has not seen it. Pure and deterministic.

Rows of one group (the same question, or one conversation) are never on both sides. How strongly the prior holds is
chosen inside of each training part alone, so the predictions are those of a method, not of its best setting.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.additive_model import AdditiveModel, Matrix, fit

Groups = NDArray[np.str_]

STRENGTHS = (3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
INNER_FOLDS = 4
MIN_GROUPS = 8  # below, the strongest prior holds


@dataclass(frozen=True, slots=True)
class CrossFitted:
    """`folds[k]` was fitted without the rows of fold k; `held_out[i]` is the prediction of row i by its fold's."""

    model: AdditiveModel
    folds: tuple[AdditiveModel, ...]
    held_out: Matrix


def fit_chosen(features: Matrix, labels: Matrix, groups: Groups, prior: AdditiveModel) -> AdditiveModel:
    """With the strength of the prior that predicts best what was left out."""
    if len(np.unique(groups)) < MIN_GROUPS:
        return fit(features, labels, prior, strength=STRENGTHS[-1])
    losses = np.zeros(len(STRENGTHS))
    for train, test in split(groups, INNER_FOLDS):
        for place, strength in enumerate(STRENGTHS):
            model = fit(features[train], labels[train], prior, strength=strength)
            losses[place] += _loss(model.predict(features[test]), labels[test])
    best = len(STRENGTHS) - 1 - int(losses[::-1].argmin())  # of two that are as good, the stronger prior
    return fit(features, labels, prior, strength=STRENGTHS[best])


def cross_fit(
    features: Matrix, labels: Matrix, groups: Groups, prior: AdditiveModel, *, fold_of: NDArray[np.intp]
) -> CrossFitted:
    """`fold_of` is from `assign_folds`; a group is in one fold. Folds without a row have the model of all rows."""
    model = fit_chosen(features, labels, groups, prior)
    folds, held_out = [], np.zeros(len(labels))
    for fold in range(int(fold_of.max()) + 1):
        test, train = np.flatnonzero(fold_of == fold), np.flatnonzero(fold_of != fold)
        own = fit_chosen(features[train], labels[train], groups[train], prior) if len(test) else model
        held_out[test] = own.predict(features[test])
        folds.append(own)
    return CrossFitted(model, tuple(folds), held_out)


def assign_folds(groups: Groups, n_folds: int) -> NDArray[np.intp]:
    """The fold of each row. Raises ValueError where there are fewer groups than folds."""
    fold_of = np.zeros(len(groups), dtype=np.intp)
    for fold, (_train, test) in enumerate(split(groups, n_folds)):
        fold_of[test] = fold
    return fold_of


def split(groups: Groups, n_folds: int) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Training and test rows; the same at every call for the same groups in the same order."""
    from sklearn.model_selection import GroupKFold  # noqa: PLC0415 - half a second, only for whoever trains

    rows = np.zeros(len(groups))
    return list(GroupKFold(n_folds).split(rows, groups=groups))


def _loss(predicted: Matrix, labels: Matrix) -> float:
    """Cross-entropy, what the fit minimises."""
    safe = np.clip(predicted, 1e-6, 1 - 1e-6)
    return float(-(labels * np.log(safe) + (1 - labels) * np.log(1 - safe)).sum())
