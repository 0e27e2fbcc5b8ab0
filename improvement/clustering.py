"""Groups questions by topic: Louvain communities of the 10-nearest-neighbour graph. Pure.

Measured against HDBSCAN, DBSCAN and a fixed distance on three public sets of questions, it separates topics best and
needs no distance to be guessed.
"""

import random

import igraph
import numpy as np
from numpy.typing import NDArray

from improvement.neighbours import nearest
from portal.embeddings import Vectors

N_NEIGHBOURS = 10
SHARPNESS = 6  # edges weigh cosine to this power: near neighbours bind far more than distant ones
RESOLUTION = 1.0
SEED = 7

Groups = NDArray[np.int_]


def find_groups(vectors: Vectors) -> Groups:
    """A number per question, 0 for the largest group. The same vectors always give the same groups."""
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
    return by_size(np.array(found.membership, dtype=np.int_))


def by_size(membership: Groups) -> Groups:
    sizes = np.bincount(membership)
    rank = np.empty(len(sizes), dtype=np.int_)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    ordered: Groups = rank[membership]
    return ordered


def centroid(vectors: Vectors) -> Vectors:
    mean = vectors.mean(axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9), dtype=np.float32)
