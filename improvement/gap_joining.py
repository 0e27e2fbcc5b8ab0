"""Which known gap a question belongs to: it joins the nearest one within which it would not be an outsider. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from improvement.neighbours import Indexes
from portal.embeddings import Vectors

# Of a gap's own questions so many percent lie farther from their centre; a new one must not.
OUTSIDERS = 10
# However loose a gap is: a question below this cosine to its centre is not about it.
LEAST_CLOSENESS = 0.35

GapIds = NDArray[np.int64]
NO_GAP = 0


@dataclass(frozen=True, slots=True)
class Core:
    """What a gap is about. A gap into which others were merged has several."""

    gap_id: int
    centre: Vectors  # of length 1, what all texts have in common subtracted
    spread: float  # least cosine to the centre


def join_known(vectors: Vectors, cores: Sequence[Core], refused: Collection[tuple[int, int]] = ()) -> GapIds:
    """For each row its gap, or NO_GAP. `refused`: pairs of row and gap that a person took apart."""
    joined = np.full(len(vectors), NO_GAP, dtype=np.int64)
    if not cores or not len(vectors):
        return joined
    gap_ids = np.array([core.gap_id for core in cores], dtype=np.int64)
    closeness = vectors @ np.stack([core.centre for core in cores]).T
    closeness[closeness < np.array([core.spread for core in cores], dtype=np.float32)] = -np.inf
    for row, gap_id in refused:
        closeness[row, gap_ids == gap_id] = -np.inf
    best = closeness.argmax(axis=1)
    is_near = np.isfinite(closeness[np.arange(len(vectors)), best])
    joined[is_near] = gap_ids[best[is_near]]
    return joined


def measure_core(vectors: Vectors) -> tuple[Vectors, float]:
    """The centre of a gap's questions and its spread, each question compared with the centre of the others."""
    total = vectors.sum(axis=0, dtype=np.float64)
    centre = total / max(float(np.linalg.norm(total)), 1e-9)
    if len(vectors) < 2:
        return centre.astype(np.float32), LEAST_CLOSENESS
    others = total - vectors
    closeness = (others * vectors).sum(axis=1) / np.maximum(np.linalg.norm(others, axis=1), 1e-9)
    return centre.astype(np.float32), max(float(np.percentile(closeness, OUTSIDERS)), LEAST_CLOSENESS)


def group_rows(gap_of: GapIds) -> dict[int, Indexes]:
    """Gap → its rows, in their order."""
    order = np.argsort(gap_of, kind="stable")
    order = order[gap_of[order] != NO_GAP]
    ids, starts = np.unique(gap_of[order], return_index=True)
    bounds = [*starts.tolist(), len(order)]
    return {gap_id: order[start:end] for gap_id, (start, end) in zip(ids.tolist(), pairwise(bounds), strict=True)}
