"""A topic that the agent settles is no gap, however far its questions lie from the articles."""

import numpy as np
import pytest

from improvement.gap_served import drop_served, find_border

COVERED = 100


def stream(*rates: tuple[int, int, int], covered_rate: float = 0.7):
    """A hundred covered questions, then a group for each (settled, not settled, pending)."""
    settled = round(COVERED * covered_rate)
    verified = [1.0] * settled + [0.0] * (COVERED - settled)
    groups = []
    for n_settled, n_not, n_pending in rates:
        start = len(verified)
        verified += [1.0] * n_settled + [0.0] * n_not + [np.nan] * n_pending
        groups.append(np.arange(start, len(verified)))
    is_covered = np.arange(len(verified)) < COVERED
    return groups, np.array(verified), is_covered


def kept(*rates, **options) -> list[int]:
    groups, verified, is_covered = stream(*rates, **options)
    left = {int(rows[0]) for rows in drop_served(groups, verified, is_covered)}
    return [number for number, rows in enumerate(groups) if int(rows[0]) in left]


def test_what_is_settled_like_covered_questions_is_no_gap():
    assert kept((2, 50, 0), (40, 20, 0), (0, 6, 3)) == [0, 2]


@pytest.mark.parametrize("rates", [(3, 2, 0), (4, 4, 40), (0, 0, 20)])
def test_few_conversations_settle_nothing(rates):
    assert kept(rates) == [0]


def test_an_agent_that_settles_little_serves_nothing():
    assert kept((20, 60, 0), covered_rate=0.2) == [0]


def test_without_covered_questions_nothing_is_dropped():
    groups, verified, _is_covered = stream((50, 0, 0))
    assert find_border(verified, np.zeros(len(verified), dtype=bool)) == 1.0
    assert len(drop_served(groups, verified, np.zeros(len(verified), dtype=bool))) == 1
