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
    return [
        rows
        for rows in groups
        if len(rows) >= MIN_QUESTIONS
        and probability[rows].mean() <= MAX_MEAN_PROBABILITY
        and mean_cosine(subtract_common(vectors[rows], common)) >= MIN_COHESION
    ]
