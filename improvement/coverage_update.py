"""Judges the questions of a new day with what was learned before; those judged already keep what they have. Pure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from improvement.agent_signals import Signals, believe
from improvement.coverage_features import N_NEAR, Base, Matrix, Questions, Scene
from improvement.coverage_model import ROUNDS_OF_LISTENING, Learned, Probabilities, find_silent, measure_similarity, mix
from improvement.neighbours import Floats, Indexes, find_distinct, nearest


@dataclass(frozen=True, slots=True)
class Update:
    """Of all questions the probability; the rest of those in `rows` alone, which are new."""

    probability: Probabilities
    rows: Indexes
    own: Probabilities
    passage: Indexes
    similarity: Floats
    reasons: Matrix


def judge_new(questions: Questions, base: Base, known: Probabilities, signals: Signals, learned: Learned) -> Update:
    """`known`: the probability of each question that was judged before, nan for the new ones.

    What was asked in the same words before is judged as it was then. The old do not hear of the new until all is
    learned again.
    """
    first, copies = find_distinct(questions.vectors)
    heard = np.full(len(first), np.nan)
    is_old = ~np.isnan(known)
    heard[copies[is_old]] = known[is_old]
    rows = np.flatnonzero(~is_old)
    asked_anew, place = np.unique(copies[rows], return_inverse=True)
    new = questions.take(first[asked_anew])
    neighbours, closeness = nearest_others(questions.vectors[first], asked_anew)
    features, passage = Scene(base, questions).describe(new, closeness)
    by_text = learned.model.predict(features)[place]
    believed = believe(by_text, signals[rows], learned.signal_weights)
    own = np.bincount(place, believed) / np.bincount(place)
    own[find_silent(new, base, passage)] = 0
    is_unknown = np.isnan(heard[asked_anew])
    heard[asked_anew[is_unknown]] = own[is_unknown]
    for _round in range(ROUNDS_OF_LISTENING):
        mixed = mix(own, heard[neighbours], closeness)
        heard[asked_anew[is_unknown]] = np.where(own == 0, 0, mixed)[is_unknown]
    probability = known.copy()
    probability[rows] = heard[asked_anew][place]
    similarity = measure_similarity(new, base, passage)
    reasons = learned.model.contributions(features)
    return Update(probability, rows, own[place], passage[place], similarity[place], reasons[place])


def nearest_others(vectors: NDArray[np.float32], rows: Indexes) -> tuple[Indexes, Floats]:
    """Of each of `rows` the nearest others."""
    found, cosines = nearest(vectors[rows], vectors, N_NEAR + 1)
    is_self = found == rows[:, None]
    is_self[~is_self.any(axis=1), -1] = True  # hidden behind others just as near: the last one goes
    kept = ~is_self
    width = found.shape[1] - 1
    return found[kept].reshape(-1, width), cosines[kept].reshape(-1, width)
