"""Communities of the nearest-neighbour graph on which several Louvain runs agree. Pure."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import igraph
import numpy as np
from numpy.typing import NDArray

from improvement.neighbours import nearest
from portal.embeddings import Vectors

Groups = NDArray[np.int_]


@dataclass(frozen=True, slots=True)
class Run:
    """`sharpness`: edges weigh cosine to this power, so that near neighbours bind far more than distant ones."""

    n_neighbours: int
    sharpness: float
    resolution: float


# One run's cuts are partly chance; those on which graphs of several widths and sharpnesses agree are not.
RUNS = (Run(6, 6, 3), Run(10, 6, 3), Run(15, 6, 3), Run(10, 10, 3), Run(10, 3, 3), Run(12, 6, 5))
WIDEST = max(run.n_neighbours for run in RUNS)
FINAL_RESOLUTION = 5.0
# Modularity at one resolution finds communities of a share of the graph; a topic does not grow with the number of other
# topics. From here on the resolution grows with the graph. What that cuts too finely, joining.py puts together.
SCALED_FROM = 700
# Beyond this many questions one more run takes seconds and changes little.
MANY = 8_000
SEED = 7


@dataclass(frozen=True, slots=True)
class Edges:
    """Each pair of neighbours once; `rank` is the better of the two's places among each other's neighbours, from 0."""

    one: NDArray[np.intp]
    other: NDArray[np.intp]
    rank: NDArray[np.intp]
    cosine: NDArray[np.float32]


def find_communities(vectors: Vectors) -> Groups:
    """The same vectors always give the same communities."""
    if len(vectors) < 2:
        return np.zeros(len(vectors), dtype=np.int_)
    edges = find_edges(vectors)
    graph = igraph.Graph(len(vectors), np.column_stack([edges.one, edges.other]))
    scale = max(1.0, len(vectors) / SCALED_FROM)
    runs: Sequence[Run] = RUNS if len(vectors) <= MANY else RUNS[1:2]
    agreement = np.zeros(len(edges.one))
    for run in runs:
        weights = np.where(edges.rank < run.n_neighbours, edges.cosine**run.sharpness, 0)
        found = detect(graph, weights, run.resolution * scale)
        agreement += found[edges.one] == found[edges.other]
    agreed = (agreement / len(runs)) ** 2 * edges.cosine**2 + 1e-6
    return detect(graph, agreed, FINAL_RESOLUTION * scale)


def find_edges(vectors: Vectors) -> Edges:
    neighbours, cosines = nearest(vectors, vectors, WIDEST, is_same=True)
    n, k = neighbours.shape
    rows, ranks = np.repeat(np.arange(n), k), np.tile(np.arange(k), n)
    others = neighbours.reshape(-1)
    keys = np.minimum(rows, others) * n + np.maximum(rows, others)
    order = np.lexsort((ranks, keys))
    keys = keys[order]
    first = order[np.flatnonzero(np.diff(keys, prepend=-1))]
    one, other = np.minimum(rows, others)[first], np.maximum(rows, others)[first]
    return Edges(one, other, ranks[first], np.maximum(cosines.reshape(-1)[first], 0))


def detect(graph: igraph.Graph, weights: NDArray[np.floating], resolution: float) -> Groups:
    igraph.set_random_number_generator(random.Random(SEED))  # noqa: S311 - repeatable, not secret
    found = graph.community_multilevel(weights=weights.tolist(), resolution=resolution)
    return np.array(found.membership, dtype=np.int_)
