"""How well a scorer agrees with people's ratings in a file, and how near that is to the best that is possible. Pure.

The local scorer learns from ratings, so its figure is cross-validated: each answer is scored by a model that has seen
neither its rating nor any of its question's ("by_question"). Trained on the other groups of the file alone, it is one
that has not seen the domain either ("by_group"). Beside them the prior, which learned nothing from this file.
Intervals draw questions, as the answers to one hang together.
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
# By how they came about, the main one first. One that could not learn a dimension has no scores of it.
Variants = Mapping[str, Scores]


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
    by_group = np.array([case.group for case in cases])
    by_question = np.array([case.question for case in cases])
    n_groups, is_enough = len(np.unique(by_group)), len(np.unique(by_question)) >= MIN_QUESTIONS
    found: dict[str, Scores] = {}
    if other is not None:
        found[BY_OTHER_FILE] = _taught_by(*other, features)
    if is_enough:
        found[BY_QUESTION] = _cross_validated(cases, features, by_question)
    if is_enough and n_groups > 1:
        found[BY_GROUP] = _cross_validated(cases, features, by_group)
    if n_groups >= MANY_GROUPS and other is None:
        # Rows of one thread hang together, whatever they ask: the figure that holds them together is the honest one.
        found = dict(sorted(found.items(), key=lambda one: one[0] != BY_GROUP))
    return found | {UNTRAINED: _untrained(features)}


def compare(cases: Sequence[Case], variants: Variants) -> dict[str, Any]:
    """Per rated dimension: the figures of the main variant, how people agree, and the figures of every variant."""
    result: dict[str, Any] = {}
    for name, rows in _rated(cases).items():
        ratings, questions = [cases[row].ratings[name] for row in rows.tolist()], _questions(cases, rows).tolist()
        learned = {key: scores for key, scores in variants.items() if name in scores}
        main, scores = next(iter(learned.items()))
        known = np.flatnonzero(~np.isnan(scores[name][rows])).tolist()
        ceiling = measure_ceiling(
            scores[name][rows][known], [ratings[one] for one in known], clusters=[questions[one] for one in known]
        )
        people = human_agreement(ratings, clusters=questions)
        result[name] = {
            "method": main,
            "n_rated": len(rows),
            **_agreement(cases, rows, scores, name),
            "ceiling": asdict(ceiling),
            "people_with_people": {key: asdict(value) for key, value in people.items()},
            **{key: _by_groups(cases, rows, each, name) for key, each in learned.items()},
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
    clusters = _questions(cases, known).tolist()
    return asdict(measure_agreement(scores[name][known], _mean_ratings(cases, known, name), clusters=clusters))


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
    scores, learned = _untrained(features), set()
    for name, rows in _teaching(teachers, their_features).items():
        labels, prior = _mean_ratings(teachers, rows, name), PRIOR_MODELS[Dimension(name)]
        scores[name] = fit_chosen(their_features[rows], labels, _questions(teachers, rows), prior).predict(features)
        learned.add(name)
    return _only(learned, _finish(scores, features))


def _cross_validated(cases: Sequence[Case], features: Matrix, groups: Groups) -> Scores:
    scores, learned = _untrained(features), set()
    for name, rows in _teaching(cases, features).items():
        n_groups, questions = len(np.unique(groups[rows])), _questions(cases, rows)
        if n_groups > 1 and len(np.unique(questions)) >= MIN_QUESTIONS:
            folds = assign_folds(groups[rows], min(N_FOLDS, n_groups))
            labels, prior = _mean_ratings(cases, rows, name), PRIOR_MODELS[Dimension(name)]
            scores[name][rows] = cross_fit(features[rows], labels, questions, prior, fold_of=folds).held_out
            learned.add(name)
    return _only(learned, _finish(scores, features))


def _teaching(cases: Sequence[Case], features: Matrix) -> dict[str, NDArray[np.intp]]:
    """The rated rows to which the dimension applies. Ratings of the whole teach nothing: it is made of its parts."""
    has_sources = ~np.isnan(features[:, COLUMN[Feature.SUPPORT]])
    rated = {name: rows for name, rows in _rated(cases).items() if name != OVERALL}
    found = {name: rows[has_sources[rows]] if name == Dimension.ACCURACY else rows for name, rows in rated.items()}
    return {name: rows for name, rows in found.items() if len(rows)}


def _only(learned: set[str], scores: Scores) -> Scores:
    """What was learned, and the whole where some part of it was."""
    return {name: column for name, column in scores.items() if name in learned or (learned and name == OVERALL)}


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
