"""How well a scorer agrees with people's ratings in a file, and how near that is to the best that is possible. Pure.

The local scorer learns from ratings, so its figure is cross-validated: each answer is scored by a model that has seen
neither its rating nor any of its question's ("by_question"). Trained on the other groups of the file alone, it is one
that has not seen the domain either ("by_group"). Beside them the prior, which learned nothing from this file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.additive_model import Matrix
from analytics.agreement import human_agreement, measure_agreement, measure_ceiling
from analytics.cross_fitting import Groups, assign_folds, cross_fit, fit_chosen
from analytics.features import COLUMN, Feature
from analytics.prior_weights import PRIOR_MODELS
from analytics.rated_files import OVERALL, Case
from analytics.rubric import HOUSE_RUBRIC, Assessment, Dimension, weighted_mean

N_FOLDS = 10
MIN_QUESTIONS = 20  # below, there is too little to learn from
MANY_GROUPS = 20  # from here a group is a thread rather than a domain, and is not listed by itself
AS_IT_IS, UNTRAINED, BY_QUESTION, BY_GROUP = "as_it_is", "untrained", "by_question", "by_group"
BY_OTHER_FILE = "by_other_file"

Scores = dict[str, Matrix]  # by dimension and "overall"; NaN where a dimension does not apply
Variants = Mapping[str, Scores]  # by how they came about, the main one first


def scores_of(assessments: Sequence[Assessment | None]) -> Variants:
    """Of a scorer that learns nothing from the file. None where it failed."""
    columns: Scores = {
        name: np.array([np.nan if a is None or a.scores[name] is None else a.scores[name] for a in assessments], float)
        for name in map(str, Dimension)
    }
    return {AS_IT_IS: _with_overall(columns)}


def local_variants(
    cases: Sequence[Case], features: Matrix, *, other: tuple[Sequence[Case], Matrix] | None = None
) -> Variants:
    """`other` is a file to train on, with its features. Cross-validation is left out where there is too little."""
    found: dict[str, Scores] = {UNTRAINED: _untrained(features)}
    by_group = np.array([case.group for case in cases])
    by_question = np.array([case.question for case in cases])
    if len(np.unique(by_group)) > 1 and len(np.unique(by_question)) >= MIN_QUESTIONS:
        found = {BY_GROUP: _cross_validated(cases, features, by_group)} | found
    if len(np.unique(by_question)) >= MIN_QUESTIONS:
        found = {BY_QUESTION: _cross_validated(cases, features, by_question)} | found
    if other is not None:
        found = {BY_OTHER_FILE: _taught_by(*other, features)} | found
    return found


def compare(cases: Sequence[Case], variants: Variants) -> dict[str, Any]:
    """Per rated dimension: the figures of the main variant, how people agree, and the figures of every variant."""
    main = next(iter(variants))
    result: dict[str, Any] = {}
    for name, rows in _rated(cases).items():
        ratings = [cases[row].ratings[name] for row in rows.tolist()]
        known = ~np.isnan(variants[main][name][rows])
        result[name] = {
            "method": main,
            **_agreement(cases, rows, variants[main], name),
            "ceiling": asdict(
                measure_ceiling(
                    variants[main][name][rows][known],
                    [marks for marks, is_known in zip(ratings, known, strict=True) if is_known],
                )
            ),
            "people_with_people": {key: asdict(value) for key, value in human_agreement(ratings).items()},
            **{key: _by_groups(cases, rows, scores, name) for key, scores in variants.items()},
        }
    return result


def _rated(cases: Sequence[Case]) -> dict[str, NDArray[np.intp]]:
    """The rows that have a rating, by dimension."""
    names = (OVERALL, *map(str, Dimension))
    found = {name: np.flatnonzero([name in case.ratings for case in cases]) for name in names}
    return {name: rows for name, rows in found.items() if len(rows)}


def _mean_ratings(cases: Sequence[Case], rows: NDArray[np.intp], name: str) -> Matrix:
    return np.array([np.mean(cases[row].ratings[name]) for row in rows.tolist()], dtype=np.float64)


def _agreement(cases: Sequence[Case], rows: NDArray[np.intp], scores: Scores, name: str) -> dict[str, Any]:
    known = rows[~np.isnan(scores[name][rows])]
    return asdict(measure_agreement(scores[name][known], _mean_ratings(cases, known, name)))


def _by_groups(cases: Sequence[Case], rows: NDArray[np.intp], scores: Scores, name: str) -> dict[str, Any]:
    found = _agreement(cases, rows, scores, name)
    groups = np.array([cases[row].group for row in rows.tolist()])
    distinct = sorted(set(groups.tolist()) - {""})
    if 1 < len(distinct) < MANY_GROUPS:
        found["groups"] = {group: _agreement(cases, rows[groups == group], scores, name) for group in distinct}
    return found


def _untrained(features: Matrix) -> Scores:
    return _finish({str(d): PRIOR_MODELS[d].predict(features) for d in Dimension}, features)


def _taught_by(teachers: Sequence[Case], their_features: Matrix, features: Matrix) -> Scores:
    scores = _untrained(features)
    for name, rows in _rated(teachers).items():
        if name != OVERALL:
            questions = np.array([teachers[row].question for row in rows.tolist()])
            labels, prior = _mean_ratings(teachers, rows, name), PRIOR_MODELS[Dimension(name)]
            scores[name] = fit_chosen(their_features[rows], labels, questions, prior).predict(features)
    return _finish(scores, features)


def _cross_validated(cases: Sequence[Case], features: Matrix, groups: Groups) -> Scores:
    scores = _untrained(features)
    for name, rows in _rated(cases).items():
        n_groups = len(np.unique(groups[rows]))
        if name != OVERALL and n_groups > 1:
            folds, questions = assign_folds(groups[rows], min(N_FOLDS, n_groups)), _questions(cases, rows)
            labels, prior = _mean_ratings(cases, rows, name), PRIOR_MODELS[Dimension(name)]
            scores[name][rows] = cross_fit(features[rows], labels, questions, prior, fold_of=folds).held_out
    return _finish(scores, features)


def _questions(cases: Sequence[Case], rows: NDArray[np.intp]) -> Groups:
    return np.array([cases[row].question for row in rows.tolist()])


def _finish(scores: Scores, features: Matrix) -> Scores:
    accuracy = np.where(np.isnan(features[:, COLUMN[Feature.SUPPORT]]), np.nan, scores[Dimension.ACCURACY])
    return _with_overall({name: scores[name] for name in map(str, Dimension)} | {str(Dimension.ACCURACY): accuracy})


def _with_overall(scores: Scores) -> Scores:
    """With the mean by the house's rubric, as the product computes it; NaN where nothing applies."""
    rows = zip(*(scores[name].tolist() for name in map(str, Dimension)), strict=True)
    known = [{str(d): v for d, v in zip(Dimension, row, strict=True) if not np.isnan(v)} for row in rows]
    return {**scores, OVERALL: np.array([weighted_mean(row, HOUSE_RUBRIC) if row else np.nan for row in known], float)}
