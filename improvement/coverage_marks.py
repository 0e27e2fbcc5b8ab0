"""What people's marks say about the questions around them. Pure.

Where a mark and the model differ, the difference carries over to other questions, the more the closer they are: a
kernel regression of the residuals (Nadaraya 1964) whose constant in the denominator keeps a lone mark modest.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from portal.embeddings import Vectors

# Closeness counts by cosine to this power.
SHARPNESS = 4
RESTRAINT = 0.5
STRENGTH = 4.0  # in log odds, where all around was wrong entirely
BLOCK = 4096

Probabilities = NDArray[np.float64]


def carry_over(
    heard: Probabilities, without_marks: Probabilities, vectors: Vectors, marks: Mapping[int, bool]
) -> Probabilities:
    """`heard` with the differences carried over; `without_marks` is the view that they differ from."""
    if not marks:
        return heard
    rows = np.fromiter(marks, dtype=np.intp)
    residual = np.fromiter(marks.values(), dtype=np.float64) - without_marks[rows]
    shift = np.empty(len(heard))
    for start in range(0, len(heard), BLOCK):
        closeness = np.maximum(vectors[start : start + BLOCK] @ vectors[rows].T, 0).astype(np.float64) ** SHARPNESS
        shift[start : start + BLOCK] = closeness @ residual / (RESTRAINT + closeness.sum(axis=1))
    clipped = np.clip(heard, 1e-4, 1 - 1e-4)
    carried: Probabilities = 1 / (1 + np.exp(-(np.log(clipped / (1 - clipped)) + STRENGTH * shift)))
    return carried
