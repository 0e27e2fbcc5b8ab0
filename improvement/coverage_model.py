"""The probability that the knowledge base answers a question, learned from the knowledge base itself. Pure.

A logistic regression on where a question lies learns what "covered" looks like at this very merchant, so its 0.5 is a
threshold learned per merchant and no constant of similarity. What the conversations showed is weighed by how well it
agrees with the texts. Then every question listens to its neighbours, the more the closer they are: a topic is covered
or not as a whole. What asks for nothing is covered only by an article that asks for nothing either.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from improvement.agent_signals import Signals, Table, believe, learn_weights, no_signals
from improvement.coverage_features import BLOCK, NAMES, Base, Questions, Scene
from improvement.coverage_lessons import Material, gather, learn
from improvement.coverage_marks import carry_over
from improvement.logistic import Logistic
from improvement.neighbours import Floats, Indexes, find_distinct, nearest
from improvement.reading_requests import is_request
from portal.embeddings import Vectors

N_NEIGHBOURS = 10
N_CLOSEST = 5
ROUNDS_OF_LISTENING = 3
COVERED_FROM = 0.5
# What a person said is nearly certain.
MARKED = (0.02, 0.98)

Probabilities = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Learned:
    """Enough to judge the questions of the next day without learning again."""

    model: Logistic
    signal_weights: Table

    def to_json(self) -> dict[str, Any]:
        return {"model": self.model.to_json(), "signals": self.signal_weights.tolist(), "features": list(NAMES)}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Learned | None":
        """None for what was learned from other features."""
        if stored.get("features") != list(NAMES):
            return None
        return cls(Logistic.from_json(stored["model"]), np.array(stored["signals"], dtype=np.float64))


@dataclass(frozen=True, slots=True)
class Judgement:
    """Per question; `passage` is -1 and `similarity` 0 where there is no knowledge base.

    `own`: the probability before a question listened to its neighbours. `reasons`: what each feature adds to the log
    odds of the text alone (questions, NAMES).
    """

    probability: Probabilities
    passage: Indexes
    similarity: Floats
    own: Probabilities
    reasons: NDArray[np.float64]
    learned: Learned | None

    @property
    def is_covered(self) -> NDArray[np.bool_]:
        return self.probability >= COVERED_FROM


@dataclass(frozen=True, slots=True)
class Survey:
    """The distinct questions with what they lie beside: all that takes long, and no view of it yet."""

    vectors: Vectors
    copies: Indexes  # per question its row among the distinct
    neighbours: Indexes
    closeness: Floats
    passage: Indexes
    similarity: Floats
    silent: Indexes
    material: Material

    def listen(self, probability: Probabilities) -> Probabilities:
        return listen(probability, self.neighbours, self.closeness)


def judge(
    questions: Questions, base: Base, signals: Signals | None = None, marks: Mapping[int, bool] | None = None
) -> Judgement:
    """`marks`: by row, what people said; the others learn from them."""
    n = len(questions.texts)
    if not n or not len(base.vectors):
        return judge_nothing(n)
    return decide(survey(questions, base), signals, marks)


def survey(questions: Questions, base: Base) -> Survey:
    first, copies = find_distinct(questions.vectors)
    distinct = questions.take(first)
    scene = Scene(base, distinct)
    neighbours, closeness = nearest(distinct.vectors, distinct.vectors, N_NEIGHBOURS, is_same=True)
    features, passage = scene.describe(distinct, closeness)
    return Survey(
        vectors=distinct.vectors,
        copies=copies,
        neighbours=neighbours,
        closeness=closeness,
        passage=passage,
        similarity=measure_similarity(distinct, base, passage),
        silent=find_silent(distinct, base, passage),
        material=gather(scene, distinct, features, closeness, passage),
    )


def decide(seen: Survey, signals: Signals | None = None, marks: Mapping[int, bool] | None = None) -> Judgement:
    copies = seen.copies
    said = {int(copies[row]): is_covered for row, is_covered in (marks or {}).items()}
    model = learn(seen.material, said, seen.listen)
    features = seen.material.features
    by_text = model.predict(features)[copies]
    signals = no_signals(len(copies)) if signals is None else signals
    weights = learn_weights(by_text, signals)
    own = settle(np.bincount(copies, believe(by_text, signals, weights)) / np.bincount(copies), seen.silent)
    heard = seen.listen(own)
    if said:
        marked = settle(own, seen.silent, said)
        heard = carry_over(seen.listen(marked), heard, seen.vectors, said)
        own = marked
    heard = settle(heard, seen.silent, said)
    reasons = model.contributions(features)
    return Judgement(
        heard[copies],
        seen.passage[copies],
        seen.similarity[copies],
        own[copies],
        reasons[copies],
        Learned(model, weights),
    )


def measure_similarity(questions: Questions, base: Base, passage: Indexes) -> Floats:
    parts = [np.zeros(0, dtype=np.float32)]
    for start in range(0, len(passage), BLOCK):
        asked, told = questions.vectors[start : start + BLOCK], base.vectors[passage[start : start + BLOCK]]
        parts.append(np.einsum("ij,ij->i", asked, told))
    return np.concatenate(parts)


def judge_nothing(n: int) -> Judgement:
    zeros = np.zeros(n)
    passage = np.full(n, -1, dtype=np.intp)
    return Judgement(zeros, passage, zeros.astype(np.float32), zeros, np.zeros((n, len(NAMES))), None)


def settle(
    probability: Probabilities, silent: Indexes, marks: Mapping[int, bool] = MappingProxyType({})
) -> Probabilities:
    """Puts what is certain in its place: what asks for nothing, and people's marks."""
    settled = probability.copy()
    settled[silent] = 0
    for row, is_covered in marks.items():
        settled[row] = MARKED[is_covered]
    return settled


def find_silent(questions: Questions, base: Base, passage: Indexes) -> Indexes:
    """Rows without a request, unless the nearest passage is small talk, too."""
    rows = [
        row
        for row, text in enumerate(questions.texts)
        if not is_request(text) and is_request(base.texts[int(passage[row])])
    ]
    return np.array(rows, dtype=np.intp)


def listen(probability: Probabilities, neighbours: Indexes, closeness: Floats) -> Probabilities:
    """Each question's own view mixed with its neighbours', round after round."""
    heard = probability
    for _round in range(ROUNDS_OF_LISTENING):
        heard = mix(probability, heard[neighbours], closeness)
    return heard


def mix(own: Probabilities, around: Probabilities, closeness: Floats) -> Probabilities:
    """`around`: of each neighbour. Nearer ones count for more, and who has close ones listens more: by the mean cosine
    of the closest, to the power of 1.5."""
    if not closeness.shape[1]:
        return own
    close = np.maximum(closeness.astype(np.float64), 0)
    weights = close**2 + 1e-9
    share = close[:, :N_CLOSEST].mean(axis=1) ** 1.5
    mixed: Probabilities = (1 - share) * own + share * (weights * around).sum(axis=1) / weights.sum(axis=1)
    return mixed
