"""Groups questions by topic: Louvain communities of the 10-nearest-neighbour graph, alike ones put together. Pure.

Measured against HDBSCAN, DBSCAN and a fixed distance on three public sets of questions, it separates topics best and
needs no distance to be guessed. Modularity always cuts, a single topic too; so two groups whose questions are nearly as
close across the groups as within them become one.
"""

import random

import igraph
import numpy as np
from numpy.typing import NDArray

from improvement.neighbours import find_distinct, nearest
from portal.embeddings import Vectors

N_NEIGHBOURS = 10
SHARPNESS = 6  # edges weigh cosine to this power: near neighbours bind far more than distant ones
RESOLUTION = 1.5
# Mean cosine across two groups, as a share of that within them (geometric mean), from which they are one topic.
ALIKE = 0.8
SEED = 7

Groups = NDArray[np.int_]


def find_groups(vectors: Vectors) -> Groups:
    """A number per question, 0 for the largest group. The same vectors always give the same groups.

    The same words asked again count once.
    """
    if not len(vectors):
        return np.zeros(0, dtype=np.int_)
    first, copies = find_distinct(vectors)
    return by_size(group_distinct(vectors[first])[copies])


def group_distinct(vectors: Vectors) -> Groups:
    if len(vectors) < 2:
        return np.zeros(len(vectors), dtype=np.int_)
    neighbours, closeness = nearest(vectors, vectors, N_NEIGHBOURS, is_same=True)
    edges: dict[tuple[int, int], float] = {}
    for one, (others, cosines) in enumerate(zip(neighbours.tolist(), closeness.tolist(), strict=True)):
        for other, cosine in zip(others, cosines, strict=True):
            edges[min(one, other), max(one, other)] = max(cosine, 0.0) ** SHARPNESS
    graph = igraph.Graph(len(vectors), list(edges))
    igraph.set_random_number_generator(random.Random(SEED))  # noqa: S311 - repeatable, not secret
    found = graph.community_multilevel(weights=list(edges.values()), resolution=RESOLUTION)
    return join_alike(vectors, np.array(found.membership, dtype=np.int_))


def join_alike(vectors: Vectors, membership: Groups) -> Groups:
    """The most alike pair first, until no pair is alike."""
    joined = membership.copy()
    while True:
        labels, joined = np.unique(joined, return_inverse=True)
        sizes = np.bincount(joined).astype(np.float64)
        sums = np.zeros((len(labels), vectors.shape[1]))
        np.add.at(sums, joined, vectors)
        products = sums @ sums.T
        # Of the n² products within a group n are those of a vector of length 1 with itself.
        pairs = np.maximum(sizes * (sizes - 1), 1)
        within = np.where(sizes > 1, (products.diagonal() - sizes) / pairs, 1.0)
        across = products / np.outer(sizes, sizes)
        likeness = across / np.sqrt(np.maximum(np.outer(within, within), 1e-9))
        likeness[np.tril_indices(len(labels))] = -np.inf
        one, other = np.unravel_index(int(likeness.argmax()), likeness.shape)
        if likeness[one, other] < ALIKE:
            return joined
        joined[joined == other] = one


def by_size(membership: Groups) -> Groups:
    sizes = np.bincount(membership)
    rank = np.empty(len(sizes), dtype=np.int_)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    ordered: Groups = rank[membership]
    return ordered


def centroid(vectors: Vectors) -> Vectors:
    mean = vectors.mean(axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9), dtype=np.float32)
