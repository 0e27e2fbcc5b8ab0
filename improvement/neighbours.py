"""Exact nearest neighbours among vectors of length 1. Pure."""

import numpy as np
from numpy.typing import NDArray

from portal.embeddings import Vectors

BLOCK = 1024  # rows at a time: 10,000 questions need 40 MB instead of 400

Indexes = NDArray[np.intp]
Floats = NDArray[np.float32]


def nearest(queries: Vectors, among: Vectors, k: int, *, is_same: bool = False) -> tuple[Indexes, Floats]:
    """Indexes into `among` and cosines, both (queries, min(k, n)), nearest first.

    With `is_same` the two are one set and nothing is its own neighbour.
    """
    k = min(k, len(among) - is_same)
    indexes = np.empty((len(queries), max(k, 0)), dtype=np.intp)
    cosines = np.empty((len(queries), max(k, 0)), dtype=np.float32)
    if k <= 0:
        return indexes, cosines
    for start in range(0, len(queries), BLOCK):
        block = queries[start : start + BLOCK] @ among.T
        rows = np.arange(len(block))
        if is_same:
            block[rows, start + rows] = -np.inf
        best = np.argpartition(-block, k - 1, axis=1)[:, :k]
        order = np.argsort(-np.take_along_axis(block, best, axis=1), axis=1, kind="stable")
        indexes[start : start + BLOCK] = np.take_along_axis(best, order, axis=1)
        cosines[start : start + BLOCK] = np.take_along_axis(block, indexes[start : start + BLOCK], axis=1)
    return indexes, cosines


def find_distinct(vectors: Vectors) -> tuple[Indexes, Indexes]:
    """The rows that stand for all, in their order, and for every row the place among them of the one like it.

    The same words asked again would be their own nearest neighbours and hide all others.
    """
    _sorted, first, copies = np.unique(vectors.round(4), axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    place = np.empty(len(order), dtype=np.intp)
    place[order] = np.arange(len(order))
    return first[order], place[copies.reshape(-1)]
