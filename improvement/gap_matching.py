"""Which of the gaps known so far each group of questions is, so that a gap keeps its id, name and history. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from portal.embeddings import Vectors

# Jaccard index of the members; half the questions of two equal groups in common is 1/3.
MIN_OVERLAP = 0.2
# Cosine of the centres, for a gap whose questions left the window or were covered meanwhile.
MIN_CLOSENESS = 0.8


@dataclass(frozen=True, slots=True)
class Known:
    gap_id: int
    n_members: int
    centre: Vectors | None  # None: of another embedding model


def match_groups(
    groups: Sequence[Sequence[int | None]], centres: Sequence[Vectors], known: Sequence[Known]
) -> list[int | None]:
    """For each group its gap, or None for a new one. `groups` holds the present gap of each member question."""
    offers: list[tuple[float, int, int]] = []
    for index, members in enumerate(groups):
        counts = Counter(members)
        for gap in known:
            shared = counts[gap.gap_id]
            overlap = shared / (len(members) + max(gap.n_members, shared) - shared)
            if overlap >= MIN_OVERLAP:
                offers.append((1 + overlap, index, gap.gap_id))
            elif gap.centre is not None and (closeness := float(centres[index] @ gap.centre)) >= MIN_CLOSENESS:
                offers.append((closeness, index, gap.gap_id))
    matched: list[int | None] = [None] * len(groups)
    for _strength, index, gap_id in sorted(offers, key=lambda offer: (-offer[0], offer[2], offer[1])):
        if matched[index] is None and gap_id not in matched:
            matched[index] = gap_id
    return matched
