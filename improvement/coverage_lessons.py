"""What teaches a merchant's model of coverage: the articles, the stream's clear cases, and people's marks. Pure.

Every passage plays a customer's question twice: once with the rest of its article in place (covered), once with the
whole article taken out (not covered). Then the questions that are clearly covered do the same, with and without their
nearest article, and those that clearly are not join them. No label of a conversation is ever read; a person's mark
on a question is a lesson of its own weight.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from improvement.coverage_features import N_NEAR, NAMES, Hidden, Matrix, Questions, Scene
from improvement.logistic import Logistic, fit
from improvement.neighbours import Floats, Indexes, nearest

MAX_LESSONS = 3000
ROUNDS = 2
# Of the questions, for a first view; their weight against the articles' lessons.
LIKELY_SHARE = 0.3
LIKELY_WEIGHT = 0.3
CLEARLY_COVERED = 0.6
CLEARLY_NOT = 0.2
MIN_CLEAR = 5
# As many marks weigh as much as all other lessons.
MARKS_TO_EQUAL = 1000

Probabilities = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Lessons:
    features: Matrix
    is_covered: NDArray[np.bool_]
    weight: Probabilities

    def with_total(self, total: float) -> "Lessons":
        return Lessons(self.features, self.is_covered, self.weight * total / self.weight.sum())


@dataclass(frozen=True, slots=True)
class Material:
    """All that can teach, before anybody knows which of it will."""

    features: Matrix  # of the distinct questions of the stream
    told: Lessons  # by the articles
    pool: Indexes  # rows of the stream that may become lessons
    removed: Matrix  # their features without their nearest article


def gather(scene: Scene, questions: Questions, features: Matrix, closeness: Floats, passage: Indexes) -> Material:
    pool = spread(len(questions.texts), MAX_LESSONS)
    without = Hidden(np.full(len(pool), -1, dtype=np.intp), scene.base.article[passage[pool]])
    removed, _passages = scene.describe(questions.take(pool), closeness[pool], without)
    return Material(features, article_lessons(scene, questions), pool, removed)


def learn(material: Material, marks: Mapping[int, bool], listen: Callable[[Probabilities], Probabilities]) -> Logistic:
    """`marks`: row of the stream → what a person said."""
    pool = material.pool
    likely = likely_lessons(material).with_total(LIKELY_WEIGHT * material.told.weight.sum())
    model = fit_lessons([material.told, likely], material, marks)
    for _round in range(ROUNDS):
        heard = listen(model.predict(material.features))[pool]
        covered, uncovered = np.flatnonzero(heard >= CLEARLY_COVERED), np.flatnonzero(heard <= CLEARLY_NOT)
        if len(covered) < MIN_CLEAR:
            break
        seen = stream_lessons(material.features[pool], material.removed, covered, uncovered)
        model = fit_lessons([material.told.with_total(seen.weight.sum()), seen], material, marks)
    return model


def article_lessons(scene: Scene, stream: Questions) -> Lessons:
    lessons = np.arange(len(scene.base.vectors))
    if len(lessons) > MAX_LESSONS:
        lessons = np.sort(np.random.default_rng(1).choice(lessons, MAX_LESSONS, replace=False))
    passages = Questions([scene.base.texts[row] for row in lessons.tolist()], scene.base.vectors[lessons])
    _indexes, closeness = nearest(passages.vectors, stream.vectors, N_NEAR)
    nothing = np.full(len(lessons), -1, dtype=np.intp)
    kept, _nearest = scene.describe(passages, closeness, Hidden(lessons, nothing))
    removed, _nearest = scene.describe(passages, closeness, Hidden(nothing, scene.base.article[lessons]))
    is_covered = np.repeat([True, False], len(lessons))
    return Lessons(np.concatenate([kept, removed]), is_covered, np.ones(len(is_covered)))


def likely_lessons(material: Material) -> Lessons:
    """The questions nearest to an article, with and without it. An article of a title and one example says next to
    nothing of what a question about it looks like; these do."""
    nearest_article = material.features[material.pool, NAMES.index("nearest article")]
    n_likely = max(int(LIKELY_SHARE * len(material.pool)), 1)
    likely = np.argsort(-nearest_article, kind="stable")[:n_likely]
    return stream_lessons(material.features[material.pool], material.removed, likely, likely[:0])


def stream_lessons(features: Matrix, removed: Matrix, covered: Indexes, uncovered: Indexes) -> Lessons:
    """Both classes weigh the same: the covered questions twice, against themselves without their article and against
    the uncovered ones."""
    has_uncovered = len(uncovered) >= MIN_CLEAR
    if not has_uncovered:
        uncovered = uncovered[:0]
    weight = [
        np.full(len(covered), 1.0 + has_uncovered),
        np.ones(len(covered)),
        np.full(len(uncovered), len(covered) / max(len(uncovered), 1)),
    ]
    return Lessons(
        np.concatenate([features[covered], removed[covered], features[uncovered]]),
        np.repeat([True, False], [len(covered), len(covered) + len(uncovered)]),
        np.concatenate(weight),
    )


def fit_lessons(lessons: list[Lessons], material: Material, marks: Mapping[int, bool]) -> Logistic:
    if marks:
        total = sum(one.weight.sum() for one in lessons) * len(marks) / MARKS_TO_EQUAL
        lessons = [*lessons, mark_lessons(material, marks).with_total(total)]
    return fit(
        np.concatenate([one.features for one in lessons]),
        np.concatenate([one.is_covered for one in lessons]),
        np.concatenate([one.weight for one in lessons]),
    )


def mark_lessons(material: Material, marks: Mapping[int, bool]) -> Lessons:
    rows = np.fromiter(marks, dtype=np.intp)
    is_covered = np.fromiter(marks.values(), dtype=np.bool_)
    return Lessons(material.features[rows], is_covered, np.ones(len(rows)))


def spread(n: int, most: int) -> Indexes:
    """At most `most` of `n` rows, evenly spaced."""
    return np.unique(np.linspace(0, n - 1, min(n, most)).astype(np.intp))
