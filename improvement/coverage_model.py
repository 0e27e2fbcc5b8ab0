"""The probability that the knowledge base answers a question, learned from the knowledge base itself. Pure.

Every passage plays a customer's question twice: once with the rest of its article in place (covered), once with the
whole article taken out (not covered). A logistic regression on where the passage then lies learns what "covered" looks
like at this very merchant, so its 0.5 is a threshold learned per merchant and no constant of similarity. What the agent
itself signalled is weighed by how well it agrees with the texts. Then every question listens to its neighbours: a topic
is covered or not as a whole. No label of a conversation is ever read.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from improvement.coverage_features import N_NEAR, Base, Hidden, Matrix, describe
from improvement.neighbours import Floats, Indexes, find_distinct, nearest
from portal.embeddings import Vectors

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

# One setting for every merchant. Strong regularisation, for a small knowledge base teaches little.
REGULARISATION = 0.01
MAX_LESSONS = 3000
N_NEIGHBOURS = 10
NEIGHBOURS_SAY = 0.7
ROUNDS_OF_LISTENING = 3
ROUNDS_OF_WEIGHING = 20
# No signal may outweigh the text by more than e^3, or 20 to 1.
MAX_WEIGHT = 3.0
COVERED_FROM = 0.5


class Signal(IntEnum):
    """What the agent showed about its knowledge in the conversation."""

    UNKNOWN = 0
    CITED = 1
    UNCITED = 2
    MISSING_KNOWLEDGE = 3


@dataclass(frozen=True, slots=True)
class Judgement:
    """Per question; `passage` is -1 and `similarity` 0 where there is no knowledge base."""

    probability: NDArray[np.float64]
    passage: Indexes
    similarity: Floats

    @property
    def is_covered(self) -> NDArray[np.bool_]:
        return self.probability >= COVERED_FROM


def judge(questions: Vectors, base: Base, signals: NDArray[np.int_]) -> Judgement:
    if not len(questions) or not len(base.vectors):
        nothing = np.full(len(questions), -1, dtype=np.intp)
        return Judgement(np.zeros(len(questions)), nothing, np.zeros(len(questions), dtype=np.float32))
    first, copies = find_distinct(questions)
    distinct = questions[first]
    neighbours, closeness = nearest(distinct, distinct, N_NEIGHBOURS, is_same=True)
    passage, similarity = nearest(distinct, base.vectors, 1)
    model = learn(base, distinct)
    by_text = model.predict_proba(describe(distinct, base, closeness))[:, 1]
    believed = weigh_signals(by_text[copies], signals)
    heard = listen(np.bincount(copies, believed) / np.bincount(copies), neighbours, closeness)
    return Judgement(heard[copies], passage[copies, 0], similarity[copies, 0])


def learn(base: Base, questions: Vectors) -> "Pipeline":
    """Leave one topic out: the lessons are the passages, with and without their article."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - a second that no web start need pay
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415

    lessons = np.arange(len(base.vectors))
    if len(lessons) > MAX_LESSONS:
        lessons = np.sort(np.random.default_rng(1).choice(lessons, MAX_LESSONS, replace=False))
    vectors = base.vectors[lessons]
    _indexes, stream = nearest(vectors, questions, N_NEAR)
    kept = describe(vectors, base, stream, Hidden(lessons, has_article=False))
    removed = describe(vectors, base, stream, Hidden(lessons, has_article=True))
    model = make_pipeline(StandardScaler(), LogisticRegression(C=REGULARISATION, max_iter=1000))
    examples: Matrix = np.concatenate([kept, removed])
    model.fit(examples, np.repeat([1, 0], len(lessons)))
    return model


def weigh_signals(probability: NDArray[np.float64], signals: NDArray[np.int_]) -> NDArray[np.float64]:
    """Naive Bayes with the signals' reliability learned by expectation maximisation, starting from the texts' view.

    A signal that an agent shows at random gets a weight near 0 by itself; one that it never shows changes nothing.
    """
    if not (signals != Signal.UNKNOWN).any():
        return probability
    clipped = np.clip(probability, 1e-4, 1 - 1e-4)
    odds = np.log(clipped / (1 - clipped))
    believed = clipped
    for _round in range(ROUNDS_OF_WEIGHING):
        weights = np.zeros(len(Signal))
        for signal in (Signal.CITED, Signal.UNCITED, Signal.MISSING_KNOWLEDGE):
            shown = signals == signal
            known = signals != Signal.UNKNOWN
            given_covered = (believed[shown].sum() + 0.5) / (believed[known].sum() + 1.5)
            given_not = ((1 - believed[shown]).sum() + 0.5) / ((1 - believed[known]).sum() + 1.5)
            weights[signal] = np.clip(np.log(given_covered / given_not), -MAX_WEIGHT, MAX_WEIGHT)
        believed = 1 / (1 + np.exp(-(odds + weights[signals])))
    return believed


def listen(probability: NDArray[np.float64], neighbours: Indexes, closeness: Floats) -> NDArray[np.float64]:
    """Each question's own view mixed with its neighbours', nearer ones counting for more."""
    if not neighbours.shape[1]:
        return probability
    weights = np.maximum(closeness, 0) ** 2 + 1e-9
    heard = probability
    for _round in range(ROUNDS_OF_LISTENING):
        around = (weights * heard[neighbours]).sum(axis=1) / weights.sum(axis=1)
        heard = (1 - NEIGHBOURS_SAY) * probability + NEIGHBOURS_SAY * around
    return heard
