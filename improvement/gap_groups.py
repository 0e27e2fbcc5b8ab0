"""Which uncovered questions make a gap: enough of them, of one topic, and surely not covered. Pure."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from improvement.clustering import find_groups, mean_cosine, subtract_common
from improvement.neighbours import Indexes
from portal.embeddings import Vectors

MIN_QUESTIONS = 5
# A group whose mean probability of being covered is above this is the fringe of covered topics.
MAX_MEAN_PROBABILITY = 0.45
# Mean cosine within a group below which its questions have no topic in common: noise, each asked once.
MIN_COHESION = 0.2
# Noise may have gathered around a topic. What is left is one where the rest is that close, and no small part of it.
CORE_COHESION = 0.25
MIN_CORE_SHARE = 0.4
# So much of a group goes at once: question by question takes long in a large one.
PEELED_AT_ONCE = 0.03


def group_uncovered(
    vectors: Vectors, probability: NDArray[np.float64], uncovered: Indexes, common: Vectors
) -> list[Indexes]:
    """The rows of each gap, largest first; `uncovered` are the rows to look among, `common` as in find_groups()."""
    numbers = find_groups(vectors[uncovered], common)
    order = np.argsort(numbers, kind="stable")
    bounds = np.flatnonzero(np.diff(numbers[order], prepend=-1, append=numbers.max(initial=-1) + 1))
    groups = [uncovered[order[start:end]] for start, end in pairwise(bounds.tolist())]
    return keep_gaps(vectors, probability, groups, common)


def keep_gaps(
    vectors: Vectors, probability: NDArray[np.float64], groups: Sequence[Indexes], common: Vectors
) -> list[Indexes]:
    cores = [
        find_core(vectors, rows, common)
        for rows in groups
        if len(rows) >= MIN_QUESTIONS and probability[rows].mean() <= MAX_MEAN_PROBABILITY
    ]
    return sorted((rows for rows in cores if len(rows) >= MIN_QUESTIONS), key=len, reverse=True)


def find_core(vectors: Vectors, rows: Indexes, common: Vectors) -> Indexes:
    """All of a group, or the part of it that has a topic, without the noise around; nothing where none has."""
    near = subtract_common(vectors[rows], common)
    if mean_cosine(near) >= MIN_COHESION:
        return rows
    least = max(MIN_QUESTIONS, MIN_CORE_SHARE * len(rows))
    core = rows
    while len(core) >= least and mean_cosine(near) < CORE_COHESION:
        n_gone = max(1, int(PEELED_AT_ONCE * len(core)))
        kept = np.sort(np.argsort(near @ near.sum(axis=0), kind="stable")[n_gone:])
        core, near = core[kept], near[kept]
    return core if len(core) >= least else core[:0]
