"""Nearest neighbours among vectors of length 1. Pure.

Exact up to MAX_EXACT questions compared with each other. Beyond, comparing each with each takes minutes; there the
questions are sorted into cells around centres first, and each is compared with those of the cells next to its own
(an inverted file, Jégou et al. 2011). What is missed is far away: measured, 98 % of the ten nearest are found.
"""

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from portal.embeddings import Vectors

BLOCK = 1024  # rows at a time: 10,000 questions need 40 MB instead of 400
MAX_COSINES = 10_000_000  # at a time, 40 MB
MAX_EXACT = 20_000
PER_CELL = 125  # questions
N_CELLS_NEAR = 6
ROUNDS = 4
SEED = 5

Indexes = NDArray[np.intp]
Floats = NDArray[np.float32]


def nearest(queries: Vectors, among: Vectors, k: int, *, is_same: bool = False) -> tuple[Indexes, Floats]:
    """Indexes into `among` and cosines, both (queries, min(k, n)), nearest first.

    With `is_same` the two are one set and nothing is its own neighbour; a large set is searched cell by cell.
    """
    k = min(k, len(among) - is_same)
    indexes = np.empty((len(queries), max(k, 0)), dtype=np.intp)
    cosines = np.empty((len(queries), max(k, 0)), dtype=np.float32)
    if k <= 0:
        return indexes, cosines
    if is_same and len(among) > MAX_EXACT:
        return nearest_by_cell(among, k)
    size = max(min(BLOCK, MAX_COSINES // len(among)), 1)
    for start in range(0, len(queries), size):
        block = queries[start : start + size] @ among.T
        if is_same:
            rows = np.arange(len(block))
            block[rows, start + rows] = -np.inf
        indexes[start : start + size], cosines[start : start + size] = find_top(block, k)
    return indexes, cosines


def find_top(similarities: Floats, k: int) -> tuple[Indexes, Floats]:
    """Columns and values of the k largest of each row, largest first; of equal ones the first column."""
    k = min(k, similarities.shape[1])
    bound = np.partition(similarities, similarities.shape[1] - k, axis=1)[:, -k, None]
    rows, columns = np.nonzero(similarities >= bound)
    counts = np.bincount(rows, minlength=len(similarities))
    found = np.empty((len(similarities), k), dtype=np.intp)
    is_clear = counts == k
    found[is_clear] = columns[is_clear[rows]].reshape(-1, k)
    for row in np.flatnonzero(~is_clear).tolist():  # several are as near as the last one
        found[row] = np.argsort(-similarities[row], kind="stable")[:k]
    values = np.take_along_axis(similarities, found, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    return np.take_along_axis(found, order, axis=1), np.take_along_axis(values, order, axis=1)


def nearest_by_cell(vectors: Vectors, k: int) -> tuple[Indexes, Floats]:
    """The nearest others of each among the cells next to its own; the same vectors give the same answer."""
    centres, cell = make_cells(vectors)
    members = np.split(np.argsort(cell, kind="stable"), np.cumsum(np.bincount(cell, minlength=len(centres)))[:-1])
    around, _cosines = find_top(centres @ centres.T, N_CELLS_NEAR)
    indexes = np.empty((len(vectors), k), dtype=np.intp)
    cosines = np.empty((len(vectors), k), dtype=np.float32)
    for number, own in enumerate(members):
        others = [members[other] for other in around[number].tolist() if other != number]
        candidates = np.concatenate([own, *others])
        if len(candidates) <= k:
            candidates = np.concatenate([own, np.setdiff1d(np.arange(len(vectors)), own)])
        beside = vectors[candidates]
        for start in range(0, len(own), BLOCK):
            rows = own[start : start + BLOCK]
            block = vectors[rows] @ beside.T
            places = np.arange(len(rows))
            block[places, start + places] = -np.inf
            top, cosines[rows] = find_top(block, k)
            indexes[rows] = candidates[top]
    return indexes, cosines


def make_cells(vectors: Vectors) -> tuple[Vectors, Indexes]:
    """Centres by spherical k-means on a sample, and for each vector its cell."""
    n_cells = max(len(vectors) // PER_CELL, 1)
    chooser = np.random.default_rng(SEED)
    sample = vectors[np.sort(chooser.choice(len(vectors), min(len(vectors), n_cells * 40), replace=False))]
    centres = sample[np.sort(chooser.choice(len(sample), n_cells, replace=False))]
    for _round in range(ROUNDS):
        cell = nearest(sample, centres, 1)[0][:, 0]
        sums = np.zeros_like(centres)
        np.add.at(sums, cell, sample)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        centres = np.where(lengths > 0, sums / np.maximum(lengths, 1e-9), centres)
    return centres, nearest(vectors, centres, 1)[0][:, 0]


def find_distinct(vectors: Vectors) -> tuple[Indexes, Indexes]:
    """The rows that stand for all, in their order, and for every row the place among them of the one like it.

    The same words asked again would be their own nearest neighbours and hide all others.
    """
    places: dict[bytes, int] = {}
    first: list[int] = []
    copies = np.empty(len(vectors), dtype=np.intp)
    for start in range(0, len(vectors), BLOCK):
        rounded = vectors[start : start + BLOCK].round(4) + np.float32(
            0
        )  # no negative zero: equal numbers, equal bytes
        for row, numbers in enumerate(rounded, start=start):
            copies[row] = places.setdefault(blake2b(numbers.tobytes(), digest_size=16).digest(), len(places))
            if copies[row] == len(first):
                first.append(row)
    return np.array(first, dtype=np.intp), copies
