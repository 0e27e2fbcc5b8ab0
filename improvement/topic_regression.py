"""Which topic a text is of, by ridge regression of the articles on their passages' vectors. Pure.

Ridge regression has exact answers for "without this passage" and "without this article" (Woodbury), so every passage
can be asked about as if it were not in the knowledge base, without fitting again.
"""

import numpy as np
from numpy.typing import NDArray

from portal.embeddings import Vectors

PENALTY = 1.0

Matrix = NDArray[np.float64]
Indexes = NDArray[np.intp]


class TopicRegression:
    """`article` is sorted: the passages of one article stand side by side."""

    def __init__(self, vectors: Vectors, article: Indexes) -> None:
        self.article = article
        self.n_articles = int(article.max(initial=-1)) + 1
        self.passages = with_constant(vectors)
        gram = self.passages.T @ self.passages + PENALTY * np.eye(self.passages.shape[1])
        self.inverse = np.linalg.inv(gram)
        self.shared = self.passages @ self.inverse
        self.sums = np.zeros((self.passages.shape[1], self.n_articles))
        np.add.at(self.sums.T, article, self.passages)
        self.weights = self.inverse @ self.sums

    def describe(self, vectors: Vectors, nearest: Indexes, passage: Indexes, article: Indexes) -> Matrix:
        """The likeliest topic, its lead over the second, and the topic of the article `nearest`.

        `passage` and `article`: what each row must not have been learned from, -1 for nothing.
        """
        scores = self.score(vectors, passage, article)
        best = np.sort(np.partition(scores, max(scores.shape[1] - 2, 0), axis=1)[:, -2:], axis=1)
        return np.stack([best[:, -1], best[:, -1] - best[:, 0], scores[np.arange(len(scores)), nearest]], axis=1)

    def score(self, vectors: Vectors, passage: Indexes, article: Indexes) -> Matrix:
        rows = with_constant(vectors)
        scores: Matrix = rows @ self.weights
        left_out = np.flatnonzero(passage >= 0)
        if len(left_out):
            leverage = np.einsum("ij,jk,ik->i", rows[left_out], self.inverse, rows[left_out])
            own = self.article[passage[left_out]]
            scores[left_out, own] -= leverage
            scores[left_out] /= (1 - leverage)[:, None]
        hidden = np.flatnonzero(article >= 0)
        if len(hidden):
            scores[hidden] = self._without_articles(rows[hidden], article[hidden])
        return scores

    def _without_articles(self, rows: Matrix, article: Indexes) -> Matrix:
        """As if the article of each row were not there: the inverse without its passages, and no score for it."""
        adjusted = rows @ self.inverse
        for number in np.unique(article).tolist():
            asked = np.flatnonzero(article == number)
            start, end = np.searchsorted(self.article, [number, number + 1])
            gone, shared = self.passages[start:end], self.shared[start:end]
            left = np.eye(len(gone)) - shared @ gone.T
            adjusted[asked] += (adjusted[asked] @ gone.T) @ np.linalg.solve(left, shared)
        scores: Matrix = adjusted @ self.sums
        scores[np.arange(len(scores)), article] = -1  # below every topic that is there
        return scores


def with_constant(vectors: Vectors) -> Matrix:
    return np.column_stack([vectors.astype(np.float64), np.ones(len(vectors))])
