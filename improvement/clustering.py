"""Groups questions by topic: communities of the nearest-neighbour graph, alike ones put together. Pure.

Cosines are taken after what all of a merchant's texts have in common is subtracted: "Hi, I need help with my policy" is
close to everything at an insurer's and says nothing of the topic. Measured against HDBSCAN, DBSCAN and a fixed distance
on three public sets of questions, communities separate topics best. They always cut, a single topic too; so groups
whose questions are nearly as close across the groups as within them become one.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from improvement.communities import Groups, find_communities
from improvement.neighbours import find_distinct
from portal.embeddings import DIMENSIONS, Vectors

# Mean cosine across two groups from which they may be one topic, and the least share of that within them (geometric
# mean): two loose groups are as near to each other as two halves of a tight one.
ALIKE = 0.3
ALIKE_SHARE = 0.5
# A few texts say little about what all have in common.
FEW = 30

Floats = NDArray[np.float64]


def find_common(parts: Sequence[Vectors]) -> Vectors:
    """What all the texts have in common: their mean, nearer to nothing the fewer they are."""
    total = sum(len(part) for part in parts) + FEW
    sums = np.zeros(DIMENSIONS)
    for part in parts:
        sums += part.sum(axis=0, dtype=np.float64)
    return np.asarray(sums / total, dtype=np.float32)


def subtract_common(vectors: Vectors, common: Vectors) -> Vectors:
    rest = vectors - common
    return np.asarray(rest / np.maximum(np.linalg.norm(rest, axis=1, keepdims=True), 1e-9), dtype=np.float32)


def find_groups(vectors: Vectors, common: Vectors | None = None) -> Groups:
    """A number per question, 0 for the largest group. The same vectors always give the same groups.

    The same words asked again count once. `common` is what find_common() says of all of the merchant's texts; without
    it nothing is subtracted.
    """
    if not len(vectors):
        return np.zeros(0, dtype=np.int_)
    first, copies = find_distinct(vectors)
    distinct = vectors[first] if common is None else subtract_common(vectors[first], common)
    return by_size(join_alike(distinct, find_communities(distinct))[copies])


def join_alike(vectors: Vectors, membership: Groups) -> Groups:
    """The nearest pair first, until no pair is alike."""
    _labels, joined = np.unique(membership, return_inverse=True)
    sizes = np.bincount(joined).astype(np.float64)
    sums = np.zeros((len(sizes), vectors.shape[1]))
    np.add.at(sums, joined, vectors)
    products = sums @ sums.T
    nearness = np.stack([compare(products, sizes, row) for row in range(len(sizes))])
    # Of every group the nearest other: looking through all pairs again for each join would take longer than all else.
    best = nearness.argmax(axis=1)
    rows = np.arange(len(sizes))
    target = rows.copy()
    while True:
        one = int(nearness[rows, best].argmax())
        other = int(best[one])
        if nearness[one, other] < ALIKE:
            return np.asarray(target[joined], dtype=np.int_)
        target[target == other] = one
        sizes[one], sizes[other] = sizes[one] + sizes[other], 0
        products[one] += products[other]
        products[:, one] += products[:, other]
        nearness[other], nearness[:, other] = -np.inf, -np.inf
        nearness[one] = nearness[:, one] = compare(products, sizes, one)
        gained = nearness[:, one] > nearness[rows, best]
        best[gained] = one
        for row in np.flatnonzero(np.isin(best, (one, other)) & ~gained).tolist():
            best[row] = nearness[row].argmax()


def compare(products: Floats, sizes: Floats, one: int) -> Floats:
    """Mean cosine of group `one` to every other; minus infinity where they are not alike. Size 0: joined already."""
    within = cohesion(products, sizes)
    across = products[one] / np.maximum(sizes[one] * sizes, 1)
    share = across / np.sqrt(np.maximum(within[one] * within, 1e-9))
    is_alike = (share >= ALIKE_SHARE) & (sizes > 0)
    is_alike[one] = False
    return np.where(is_alike, across, -np.inf)


def cohesion(products: Floats, sizes: Floats) -> Floats:
    """Mean cosine within each group. Of the n² products of its vectors n are those of one with itself."""
    pairs = np.maximum(sizes * (sizes - 1), 1)
    return np.where(sizes > 1, (products.diagonal() - sizes) / pairs, 1.0)


def by_size(membership: Groups) -> Groups:
    sizes = np.bincount(membership)
    rank = np.empty(len(sizes), dtype=np.int_)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    ordered: Groups = rank[membership]
    return ordered


def centroid(vectors: Vectors) -> Vectors:
    mean = vectors.mean(axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9), dtype=np.float32)


def mean_cosine(vectors: Vectors) -> float:
    """Of every question of a group with every other; 1 for a single one."""
    total = vectors.sum(axis=0, dtype=np.float64)
    return float(cohesion(np.array([[total @ total]]), np.array([float(len(vectors))]))[0])
