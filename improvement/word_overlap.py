"""Which words a question shares with passages, and which of its words no article knows. Pure.

Words and pairs of words weigh by their rarity (TF-IDF). Parts of words (three to five letters) see through
misspellings: each word has a random projection of its parts, so that two texts compare by one product.
"""

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from math import log
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Matrix = NDArray[np.float64]
Indexes = NDArray[np.intp]

PART_LENGTHS = (3, 4, 5)
DIMENSIONS = 384
N_SIGNS = 1 << 14
MAX_PASSAGES = 1000
_WORD = re.compile(r"\w+")
UNKNOWN = 0  # the column of all that neither a passage nor the sample says


class WordIndex:
    def __init__(self, passages: Sequence[str], article: Indexes, sample: Sequence[str]) -> None:
        told = [split_grams(text) for text in passages]
        frequency: Counter[str] = Counter()
        for grams in (*told, *(split_grams(text) for text in sample)):
            frequency.update(set(grams))
        self.columns = {gram: place for place, gram in enumerate(frequency, start=UNKNOWN + 1)}
        n_texts = len(passages) + len(sample)
        counts = np.array([0, *frequency.values()])
        self.rarity = np.log((1 + n_texts) / (1 + counts)) + 1
        self.is_word = np.array([True, *(" " not in gram for gram in frequency)])
        self.news = (self.rarity - 1) / np.log(1 + n_texts)  # 0: everybody says it, 1: nobody did
        self.article = article
        self.counts = self._count(told)
        self.passages = self._weigh(self.counts)
        self.parts = self._weigh_parts(told)
        in_article = sparse.csr_matrix((np.ones(len(article)), (article, np.arange(len(article)))))
        self.compared = self._leave_out_common()
        self.by_article = (in_article @ binary(self.counts)).tocsr()  # passages of the article that say it
        self.n_articles = np.asarray(binary(self.by_article).sum(axis=0)).ravel()
        self.n_passages = np.asarray(binary(self.counts).sum(axis=0)).ravel()

    def describe(
        self, texts: Sequence[str], top: Indexes, articles: Indexes, passage: Indexes, article: Indexes
    ) -> tuple[Matrix, Matrix, Matrix]:
        """Four features of words, four of parts of words, four of unknown words.

        `top`: the candidates, nearest first, and their `articles`. A hidden `passage` is the text itself; what is
        hidden (-1: nothing) may still be among the candidates and shares nothing.
        """
        asked = [split_grams(text) for text in texts]
        counts = self._count(asked)
        shared = np.asarray((self._weigh(counts) @ self.compared).todense())
        hidden = (top == passage[:, None]) | ((articles == article[:, None]) & (article[:, None] >= 0))
        words = np.where(hidden, 0, np.take_along_axis(shared, top, axis=1))
        parts = (self.parts[top] @ self._weigh_parts(asked)[:, :, None])[:, :, 0]
        parts = np.where(hidden, 0, parts)
        return (
            describe_overlap(words, articles),
            describe_overlap(parts, articles),
            self._describe_unknown(counts, articles[:, 0], passage, article),
        )

    def _count(self, texts: Sequence[Sequence[str]]) -> sparse.csr_matrix:
        columns, ends = [], [0]
        for grams in texts:
            columns.extend([self.columns.get(gram, UNKNOWN) for gram in grams])
            ends.append(len(columns))
        counted = sparse.csr_matrix(
            (np.ones(len(columns)), np.array(columns, dtype=np.intp), np.array(ends)),
            shape=(len(texts), len(self.columns) + 1),
        )
        counted.sum_duplicates()
        return counted

    def _weigh(self, counts: sparse.csr_matrix) -> sparse.csr_matrix:
        """Rows of length 1; what is said often counts by its logarithm, unknown words each for themselves."""
        weighed = counts.copy()
        is_unknown = weighed.indices == UNKNOWN
        weighed.data = np.where(is_unknown, np.sqrt(weighed.data), 1 + np.log(weighed.data))
        weighed.data = (weighed.data * self.rarity[weighed.indices]).astype(np.float32)
        lengths = np.sqrt(np.asarray(weighed.multiply(weighed).sum(axis=1)).ravel())
        return (sparse.diags((1 / np.maximum(lengths, 1e-9)).astype(np.float32)) @ weighed).tocsr()

    def _leave_out_common(self) -> sparse.csr_matrix:
        """Transposed. What thousands of passages say tells none from another, and comparing it takes longest."""
        n_passages = np.asarray(binary(self.counts).sum(axis=0)).ravel()
        kept = self.passages.multiply(n_passages <= MAX_PASSAGES).tocsr()
        kept.eliminate_zeros()
        return kept.T.tocsr()

    def _weigh_parts(self, texts: Sequence[Sequence[str]]) -> NDArray[np.float32]:
        places: dict[str, int] = {}
        columns, values, ends = [], [], [0]
        for grams in texts:
            for word, n in Counter(gram for gram in grams if " " not in gram).items():
                columns.append(places.setdefault(word, len(places)))
                values.append((1 + log(n)) * self.rarity[self.columns.get(word, UNKNOWN)])
            ends.append(len(columns))
        if not places:
            return np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        weights = sparse.csr_matrix((np.array(values, dtype=np.float32), columns, ends), (len(texts), len(places)))
        rows = weights @ np.stack([project_parts(word) for word in places])
        return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), dtype=np.float32)

    def _describe_unknown(
        self, counts: sparse.csr_matrix, nearest: Indexes, passage: Indexes, article: Indexes
    ) -> Matrix:
        """By rarity: the share of words that any article knows, that the nearest knows; then the share of words that
        none knows, and the rarest of them."""
        rows = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
        columns = counts.indices
        chosen = self.is_word[columns]
        rows, columns = rows[chosen], columns[chosen]
        n = counts.data[chosen] if UNKNOWN in columns else np.ones(len(columns))
        n = np.where(columns == UNKNOWN, n, 1)
        weight = self.news[columns] * n
        is_self, is_hidden = passage[rows] >= 0, article[rows] >= 0
        own = self.article[np.maximum(passage[rows], 0)]
        known = np.where(is_self, self.n_passages[columns] > 1, self.n_articles[columns] > 0)
        known = np.where(
            is_hidden, self.n_articles[columns] > self._says(np.maximum(article[rows], 0), columns).clip(0, 1), known
        )
        said = self._says(nearest[rows], columns) - (is_self & (own == nearest[rows]))
        n_rows = counts.shape[0]
        total = np.maximum(np.bincount(rows, weight, n_rows), 1e-9)
        rarest = np.zeros(n_rows)
        np.maximum.at(rarest, rows, np.where(known, 0, self.news[columns]))
        return np.stack(
            [
                np.bincount(rows, weight * known, n_rows) / total,
                np.bincount(rows, weight * (said > 0), n_rows) / total,
                np.bincount(rows, n * ~known, n_rows) / np.maximum(np.bincount(rows, n, n_rows), 1),
                rarest,
            ],
            axis=1,
        )

    def _says(self, articles: Indexes, columns: Indexes) -> Matrix:
        """In how many of its passages the article says the word."""
        return np.asarray(self.by_article[articles, columns]).ravel()


def binary(counts: sparse.csr_matrix) -> sparse.csr_matrix:
    ones = counts.copy()
    ones.data = np.ones_like(ones.data)
    return ones


def split_grams(text: str) -> list[str]:
    """Words and pairs of neighbouring words."""
    words = _WORD.findall(text.lower())
    return [*words, *(f"{one} {other}" for one, other in pairwise(words))]


def describe_overlap(shared: NDArray[np.floating], articles: Indexes) -> Matrix:
    is_nearest = articles == articles[:, :1]
    in_nearest = np.where(is_nearest, shared, 0).max(axis=1)
    elsewhere = np.where(is_nearest, 0, shared).max(axis=1)
    return np.stack([shared.max(axis=1), shared[:, :5].mean(axis=1), in_nearest, in_nearest - elsewhere], axis=1)


@lru_cache(maxsize=1)
def signs() -> NDArray[np.int8]:
    return (np.random.default_rng(7).integers(0, 2, (N_SIGNS, DIMENSIONS)) * 2 - 1).astype(np.int8)


@lru_cache(maxsize=20_000)  # 30 MB
def project_parts(word: str) -> NDArray[np.float32]:
    """About of length 1; zeros for a word too short to have parts."""
    padded = f" {word} "
    parts = {padded[at : at + size] for size in PART_LENGTHS for at in range(len(padded) - size + 1)}
    if not parts:
        return np.zeros(DIMENSIONS, dtype=np.float32)
    chosen = signs()[[crc32(part.encode()) % N_SIGNS for part in parts]]
    return np.asarray(chosen.sum(axis=0) / np.sqrt(len(parts) * DIMENSIONS), dtype=np.float32)
