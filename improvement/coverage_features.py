"""How a question lies among the passages of the knowledge base, and among the other questions. Pure.

A scene is everything that questions are compared with, worked out once. Of all passages only the nearest few count, so
that a hundred thousand questions can be described before ten thousand passages.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from improvement.neighbours import Floats, Indexes, find_top
from improvement.topic_regression import TopicRegression
from improvement.word_overlap import WordIndex
from portal.embeddings import Vectors

N_NEAR = 10
N_CANDIDATES = 32  # passages that are looked at
BLOCK = 512
N_THREADS = 2
SAMPLE = 4096  # questions that say which words are common, and which passages are asked for
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
    "closeness to a passage, for how often it is asked for",
    "its lead over the second article",
    "how often the nearest passage is asked for",
    "best words in common",
    "words in common with the nearest five",
    "words in common with the nearest article",
    "their lead over the other articles",
    "best parts of words in common",
    "parts of words in common with the nearest five",
    "parts of words in common with the nearest article",
    "their lead over the other articles' parts",
    "share of words that the articles know",
    "share of words that the nearest article knows",
    "share of words that no article knows",
    "rarest word that no article knows",
    "likeliest topic",
    "its lead over the second topic",
    "topic of the nearest article",
)

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Base:
    """The passages of all live articles, those of one article side by side; `article` numbers them from 0."""

    texts: Sequence[str]
    vectors: Vectors
    article: NDArray[np.intp]

    @property
    def n_articles(self) -> int:
        return int(self.article.max(initial=-1)) + 1


@dataclass(frozen=True, slots=True)
class Questions:
    texts: Sequence[str]
    vectors: Vectors

    def take(self, rows: Indexes) -> "Questions":
        return Questions([self.texts[row] for row in rows.tolist()], self.vectors[rows])


@dataclass(frozen=True, slots=True)
class Hidden:
    """What each question must not see: a passage (itself), or a whole article. -1: nothing."""

    passage: Indexes
    article: Indexes

    @classmethod
    def nothing(cls, n: int) -> "Hidden":
        return cls(np.full(n, -1, dtype=np.intp), np.full(n, -1, dtype=np.intp))

    def part(self, start: int, end: int) -> "Hidden":
        return Hidden(self.passage[start:end], self.article[start:end])


class Scene:
    """The knowledge base and a sample of the stream, ready to be compared with."""

    def __init__(self, base: Base, stream: Questions) -> None:
        self.base = base
        sample = stream.take(
            np.unique(np.linspace(0, len(stream.texts) - 1, min(SAMPLE, len(stream.texts))).astype(np.intp))
        )
        self.words = WordIndex(base.texts, base.article, sample.texts)
        self.topics = TopicRegression(base.vectors, base.article)
        self.crowd = measure_crowd(base.vectors, sample.vectors)

    def describe(self, asked: Questions, closeness: Floats, hidden: Hidden | None = None) -> tuple[Matrix, Indexes]:
        """(questions, features), and the passage that is nearest. `closeness`: cosines to the nearest questions."""
        hidden = hidden or Hidden.nothing(len(asked.texts))
        features = np.zeros((len(asked.texts), len(NAMES)), dtype=np.float64)
        nearest = np.zeros(len(asked.texts), dtype=np.intp)

        def describe_from(start: int) -> None:
            end = min(start + BLOCK, len(asked.texts))
            part = Questions(asked.texts[start:end], asked.vectors[start:end])
            blocks, nearest[start:end] = self._describe_block(part, closeness[start:end], hidden.part(start, end))
            features[start:end] = np.concatenate(blocks, axis=1)

        with ThreadPoolExecutor(N_THREADS) as pool:  # numpy lets go of the interpreter
            list(pool.map(describe_from, range(0, len(asked.texts), BLOCK)))
        return features, nearest

    def _describe_block(self, asked: Questions, closeness: Floats, hidden: Hidden) -> tuple[list[Matrix], Indexes]:
        similarities = hide(asked.vectors @ self.base.vectors.T, self.base.article, hidden)
        top, near = find_top(similarities, N_CANDIDATES)
        near = np.maximum(near, 0)
        articles = self.base.article[top]
        words = self.words.describe(asked.texts, top, articles, hidden.passage, hidden.article)
        blocks = [
            describe_near(near, articles),
            describe_stream(near, closeness),
            describe_crowd(near, articles, self.crowd[top]),
            *words,
            self.topics.describe(asked.vectors, articles[:, 0], hidden.passage, hidden.article),
        ]
        return blocks, top[:, 0]


def hide(similarities: Floats, article: NDArray[np.intp], hidden: Hidden) -> Floats:
    """What is hidden counts as unrelated."""
    rows = np.flatnonzero(hidden.passage >= 0)
    similarities[rows, hidden.passage[rows]] = 0
    rows = np.flatnonzero(hidden.article >= 0)
    if len(rows):
        similarities[rows] = np.where(hidden.article[rows, None] == article[None, :], 0, similarities[rows])
    return similarities


def measure_crowd(passages: Vectors, questions: Vectors) -> Floats:
    """Per passage the mean cosine of the questions nearest to it (the hubness term of Conneau et al. 2018)."""
    if not len(questions):
        return np.zeros(len(passages), dtype=np.float32)
    crowd = np.empty(len(passages), dtype=np.float32)
    k = min(N_NEAR, len(questions))
    for start in range(0, len(passages), BLOCK):
        block = passages[start : start + BLOCK] @ questions.T
        crowd[start : start + BLOCK] = np.partition(block, block.shape[1] - k, axis=1)[:, -k:].mean(axis=1)
    return crowd


def first_of_articles(articles: Indexes) -> Iterator[NDArray[np.bool_]]:
    """Column by column: whether the candidate is the first of its article, the candidates being sorted."""
    for column in range(articles.shape[1]):
        yield ~(articles[:, :column] == articles[:, column, None]).any(axis=1)


def describe_near(near: Floats, articles: Indexes) -> Matrix:
    """`near`: cosines of the candidates, sorted; `articles`: theirs."""
    rank = np.cumsum(np.stack(list(first_of_articles(articles)), axis=1), axis=1)
    best = near[:, 0]
    second, fifth = nth_article(near, rank, 2), nth_article(near, rank, 5)
    is_nearest = articles == articles[:, :1]
    next_one = articles[np.arange(len(near)), (rank >= 2).argmax(axis=1)]
    three = mean_of_three(near, is_nearest)
    three_of_second = np.where(rank[:, -1] >= 2, mean_of_three(near, articles == next_one[:, None]), near[:, -1])
    weights = np.exp(N_NEAR * near[:, :N_NEAR])
    columns = [
        *(best, best - second, best - fifth, three, three - three_of_second),
        near[:, :5].mean(axis=1),
        near[:, :N_NEAR].mean(axis=1),
        (weights * is_nearest[:, :N_NEAR]).sum(axis=1) / weights.sum(axis=1),
    ]
    return np.stack(columns, axis=1).astype(np.float64)


def nth_article(near: Floats, rank: NDArray[Any], n: int) -> Floats:
    """The cosine of the n-th nearest article, or of the last candidate where there are fewer."""
    found = np.where(rank[:, -1] >= n, (rank >= n).argmax(axis=1), near.shape[1] - 1)
    nth: Floats = near[np.arange(len(near)), found]
    return nth


def mean_of_three(near: Floats, chosen: NDArray[np.bool_]) -> Floats:
    first = chosen & (np.cumsum(chosen, axis=1) <= 3)
    means: Floats = (near * first).sum(axis=1) / np.maximum(first.sum(axis=1), 1)
    return means


def describe_stream(near: Floats, closeness: Floats) -> Matrix:
    asked = np.maximum(closeness, 0) if closeness.shape[1] else np.zeros((len(near), 1), dtype=np.float32)
    columns = [
        asked.mean(axis=1),
        asked[:, :5].mean(axis=1) - near[:, :3].mean(axis=1),
        asked[:, 0] - near[:, 0],
    ]
    return np.stack(columns, axis=1).astype(np.float64)


def describe_crowd(near: Floats, articles: Indexes, crowd: Floats) -> Matrix:
    relative = 2 * near - crowd
    best = relative.argmax(axis=1)
    rows = np.arange(len(near))
    others = np.where(articles == articles[rows, best][:, None], -np.inf, relative).max(axis=1)
    lead = np.where(np.isfinite(others), relative[rows, best] - others, 0)
    return np.stack([relative[rows, best], lead, crowd[:, 0]], axis=1).astype(np.float64)
