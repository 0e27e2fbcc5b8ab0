"""Which topics need no article because customers leave with an answer, whatever the texts look like. Pure."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from analytics.intervals import wilson
from improvement.neighbours import Indexes

Verified = NDArray[np.float64]  # per question 1, 0, or nan while it cannot be told

# Surely settled at least half as often as what the articles cover, and in at least three of ten conversations.
SHARE_OF_COVERED = 0.5
LEAST = 0.3
MIN_COVERED = 30


def find_border(verified: Verified, is_covered: NDArray[np.bool_]) -> float:
    """The verified resolution rate above which a topic counts as served; 1 where too few covered questions tell."""
    known = verified[is_covered & ~np.isnan(verified)]
    return max(LEAST, SHARE_OF_COVERED * float(known.mean())) if len(known) >= MIN_COVERED else 1.0


def drop_served(groups: Sequence[Indexes], verified: Verified, is_covered: NDArray[np.bool_]) -> list[Indexes]:
    """The groups whose rate may be at the border or below, by the lower end of its 95 % interval."""
    border = find_border(verified, is_covered)
    return [rows for rows in groups if _surely(verified[rows]) <= border]


def _surely(verified: Verified) -> float:
    known = verified[~np.isnan(verified)]
    return wilson(int(known.sum()), len(known))[0]
