"""Which gap every uncovered question is in after a refresh: what is known comes first, only the rest is grouped. Pure.

Members stay, new questions join the gap that they are about, and groups are made of what is left over. Once a week the
gaps that no person has touched are found anew; each group then takes the gap with which it shares most questions, and
what falls out of all groups stays where it was. So ids, names and decisions outlive every refresh.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from improvement.clustering import centroid, find_common, subtract_common
from improvement.gap_groups import group_uncovered
from improvement.gap_joining import NO_GAP, Core, GapIds, group_rows, join_known, measure_core
from improvement.gap_matching import Known, match_groups
from improvement.gap_served import Verified, drop_served
from improvement.neighbours import Indexes
from portal.embeddings import Vectors


@dataclass(frozen=True, slots=True)
class Remembered:
    """A gap known so far. `centre` and `spread` are as stored, for gaps without questions of now."""

    gap_id: int
    belongs_to: int  # itself, or the gap into which it was merged
    is_settled: bool  # a person decided about it: its questions are not grouped anew
    keeps_covered: bool  # its questions stay when the articles cover them: they are its history
    centre: Vectors | None  # None: of another embedding model
    spread: float | None


@dataclass(frozen=True, slots=True)
class Memory:
    gaps: Sequence[Remembered]
    member_of: GapIds  # per row, NO_GAP for none
    refused: Collection[tuple[int, int]] = ()  # row and gap that a person took apart
    pinned: Mapping[int, int] = field(default_factory=dict)  # row → gap, by a person


@dataclass(frozen=True, slots=True)
class Assignment:
    """`gap_of` per row: a known gap, NO_GAP, or -1 - i for the i-th of `new_groups`."""

    gap_of: GapIds
    new_groups: list[Indexes]


def assign_questions(
    vectors: Vectors,
    probability: NDArray[np.float64],
    is_covered: NDArray[np.bool_],
    memory: Memory,
    *,
    is_anew: bool,
    verified: Verified | None = None,
) -> Assignment:
    """Without `verified` nothing is known of what became of the conversations."""
    common = find_common([vectors])
    before = resolve_merges(memory)
    gap_of = keep_members(before, is_covered, memory)
    settled = {gap.gap_id for gap in memory.gaps if gap.is_settled}
    kept = gap_of.copy()
    if is_anew:
        kept[~np.isin(kept, list(settled))] = NO_GAP
    loose = np.flatnonzero(~is_covered & (kept == NO_GAP))
    cores = find_cores(vectors, kept, memory, common)
    kept[loose] = join_known(subtract_common(vectors[loose], common), cores, refused_of(memory, loose))
    rest = loose[kept[loose] == NO_GAP]
    groups = group_uncovered(vectors, probability, rest, common)
    if verified is not None:
        groups = drop_served(groups, verified, is_covered)
    known = [
        Known(gap.belongs_to, int((gap_of == gap.gap_id).sum()), gap.centre)
        for gap in memory.gaps
        if not (kept == gap.belongs_to).any()
    ]
    members = [[int(gap_id) or None for gap_id in gap_of[rows]] for rows in groups]
    matched = match_groups(members, [centroid(vectors[rows]) for rows in groups], known)
    new_groups: list[Indexes] = []
    for rows, gap_id in zip(groups, matched, strict=True):
        if gap_id is None:
            new_groups.append(rows)
        kept[rows] = -len(new_groups) if gap_id is None else gap_id
    if is_anew:
        stay_where_alive(kept, gap_of, rest)
    drop_refused(kept, memory)
    return Assignment(kept, new_groups)


def resolve_merges(memory: Memory) -> GapIds:
    member_of = memory.member_of.copy()
    for gap in memory.gaps:
        if gap.belongs_to != gap.gap_id:
            member_of[member_of == gap.gap_id] = gap.belongs_to
    for row, gap_id in memory.pinned.items():
        member_of[row] = gap_id
    return member_of


def keep_members(member_of: GapIds, is_covered: NDArray[np.bool_], memory: Memory) -> GapIds:
    """A covered question leaves its gap, unless it is the history of a gap that was decided on."""
    keeping = [gap.gap_id for gap in memory.gaps if gap.keeps_covered]
    return np.where(is_covered & ~np.isin(member_of, keeping), NO_GAP, member_of)


def find_cores(vectors: Vectors, member_of: GapIds, memory: Memory, common: Vectors) -> list[Core]:
    """Of the questions in each gap; of what is stored where a gap has none, or was merged into another."""
    cores: list[Core] = []
    rows_of = group_rows(member_of)
    targets = {gap.belongs_to for gap in memory.gaps if gap.belongs_to != gap.gap_id}
    for gap in memory.gaps:
        rows = rows_of.get(gap.gap_id)
        if rows is not None and gap.gap_id not in targets:
            cores.append(Core(gap.gap_id, *measure_core(subtract_common(vectors[rows], common))))
        elif gap.centre is not None and gap.spread is not None and (rows is not None or is_merged(gap)):
            cores.append(Core(gap.belongs_to, subtract_common(gap.centre[None, :], common)[0], gap.spread))
    return cores


def is_merged(gap: Remembered) -> bool:
    return gap.belongs_to != gap.gap_id


def refused_of(memory: Memory, rows: Indexes) -> list[tuple[int, int]]:
    place = {row: at for at, row in enumerate(rows.tolist())}
    return [(place[row], gap_id) for row, gap_id in memory.refused if row in place]


def stay_where_alive(kept: GapIds, before: GapIds, rest: Indexes) -> None:
    """What is in no group now stays in the gap that it was in, if that still has questions."""
    alive = np.unique(kept[kept > NO_GAP])
    lost = rest[(kept[rest] == NO_GAP) & np.isin(before[rest], alive)]
    kept[lost] = before[lost]


def drop_refused(kept: GapIds, memory: Memory) -> None:
    for row, gap_id in memory.refused:
        if kept[row] == gap_id:
            kept[row] = NO_GAP
