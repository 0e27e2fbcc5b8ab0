"""How a question lies among the passages of the knowledge base, and among the other questions. Pure."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from improvement.neighbours import Floats
from portal.embeddings import Vectors

N_NEAR = 10
BLOCK = 512
NAMES = (
    "nearest article",
    "lead over the second article",
    "lead over the fifth article",
    "best three passages of the nearest article",
    "lead of the best three over the second article",
    "nearest five passages",
    "nearest ten passages",
    "share of the nearest article among the ten",
    "nearest ten questions",
    "five questions against three passages",
    "nearest question against nearest passage",
)

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Base:
    """The passages of all live articles, those of one article side by side; `article` numbers them from 0."""

    vectors: Vectors
    article: NDArray[np.intp]

    @property
    def starts(self) -> NDArray[np.intp]:
        return np.flatnonzero(np.diff(self.article, prepend=-1))

    @property
    def n_articles(self) -> int:
        return len(self.starts)


@dataclass(frozen=True, slots=True)
class Hidden:
    """What a passage that plays a question must not see: itself, or the whole article that it stands in."""

    passages: NDArray[np.intp]  # one per question
    has_article: bool


def describe(vectors: Vectors, base: Base, stream: Floats, hidden: Hidden | None = None) -> Matrix:
    """(questions, features). `stream`: cosines to the nearest questions. In blocks, so that memory stays small."""
    parts = [np.zeros((0, len(NAMES)))]
    for start in range(0, len(vectors), BLOCK):
        similarities = vectors[start : start + BLOCK] @ base.vectors.T
        if hidden is not None:
            own = hidden.passages[start : start + BLOCK]
            similarities[np.arange(len(own)), own] = 0
            if hidden.has_article:
                similarities[base.article[own][:, None] == base.article[None, :]] = 0
        parts.append(describe_block(similarities, base, stream[start : start + BLOCK]))
    return np.concatenate(parts)


def describe_block(similarities: Floats, base: Base, stream: Floats) -> Matrix:
    # A cosine below 0 says "unrelated" and nothing more; what is hidden counts as unrelated.
    near = np.maximum(similarities, 0)
    best = np.maximum.reduceat(near, base.starts, axis=1)
    three = mean_of_three(near, base)
    chosen = best.argmax(axis=1)
    rows = np.arange(len(near))
    by_article, by_three = -np.sort(-best, axis=1), -np.sort(-three, axis=1)
    top_indexes = find_top(near)
    top = np.take_along_axis(near, top_indexes, axis=1)
    weights = np.exp(N_NEAR * top)
    is_chosen = base.article[top_indexes] == chosen[:, None]
    asked = np.maximum(stream, 0) if stream.shape[1] else np.zeros((len(near), 1), dtype=np.float32)
    return np.stack(
        [
            by_article[:, 0],
            by_article[:, 0] - column(by_article, 1),
            by_article[:, 0] - column(by_article, 4),
            three[rows, chosen],
            by_three[:, 0] - column(by_three, 1),
            top[:, :5].mean(axis=1),
            top.mean(axis=1),
            (weights * is_chosen).sum(axis=1) / weights.sum(axis=1),
            asked.mean(axis=1),
            asked[:, :5].mean(axis=1) - top[:, :3].mean(axis=1),
            asked[:, 0] - top[:, 0],
        ],
        axis=1,
    ).astype(np.float64)


def find_top(near: Floats) -> NDArray[np.intp]:
    k = min(N_NEAR, near.shape[1])
    best = np.argpartition(-near, k - 1, axis=1)[:, :k]
    order = np.argsort(-np.take_along_axis(near, best, axis=1), axis=1, kind="stable")
    return np.take_along_axis(best, order, axis=1)


def column(values: Floats, index: int) -> Floats:
    """Column `index`, or the last there is."""
    return values[:, min(index, values.shape[1] - 1)]


def mean_of_three(near: Floats, base: Base) -> Floats:
    """Per question and article: the mean of its three nearest passages, fewer where it has fewer."""
    means = np.empty((len(near), base.n_articles), dtype=np.float32)
    bounds = [*base.starts.tolist(), near.shape[1]]
    for number, (start, end) in enumerate(pairwise(bounds)):
        part = near[:, start:end]
        k = min(3, end - start)
        means[:, number] = np.partition(part, end - start - k, axis=1)[:, -k:].mean(axis=1)
    return means
