"""What a conversation showed about the agent's knowledge, weighed by how well it agrees with the texts. Pure.

Naive Bayes with each signal's reliability learned by expectation maximisation, starting from the texts' view. A signal
that an agent shows at random gets a weight near 0 by itself; one that it never shows changes nothing.
"""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

ROUNDS = 20
# All signals of a conversation together may not outweigh the text by more than e^3, or 20 to 1.
MAX_WEIGHT = 3.0
N_LEVELS = 4

Table = NDArray[np.float64]
Signals = NDArray[np.int_]  # (questions, kinds): a level of each kind, 0 where it is unknown


class Kind(IntEnum):
    SOURCES = 0
    CONFIDENCE = 1
    ASKED_AGAIN = 2
    RATING = 3


class Signal(IntEnum):
    """The levels of SOURCES."""

    UNKNOWN = 0
    CITED = 1
    UNCITED = 2
    MISSING_KNOWLEDGE = 3


class Level(IntEnum):
    """The levels of all other kinds."""

    UNKNOWN = 0
    LOW = 1
    MIDDLE = 2
    HIGH = 3


def read_levels(sources: Signals, confidence: Table, asked_again: Signals, rating: Table) -> Signals:
    """`confidence` 0–1 and `rating` 1–5, nan where there is none; `asked_again` 0 or 1, -1 where it is too early.

    Each agent has its own scale of confidence: its lowest third is low.
    """
    levels = np.zeros((len(sources), len(Kind)), dtype=np.int_)
    levels[:, Kind.SOURCES] = sources
    is_told = ~np.isnan(confidence)
    if is_told.any():
        third, two_thirds = np.quantile(confidence[is_told], [1 / 3, 2 / 3])
        level = 1 + (confidence > third).astype(np.int_) + (confidence > two_thirds)
        levels[:, Kind.CONFIDENCE] = np.where(is_told, level, Level.UNKNOWN)
    levels[:, Kind.ASKED_AGAIN] = np.select([asked_again == 1, asked_again == 0], [Level.HIGH, Level.LOW], 0)
    rated = [rating <= 2, rating == 3, rating >= 4]
    levels[:, Kind.RATING] = np.select(rated, [Level.LOW, Level.MIDDLE, Level.HIGH], 0)
    return levels


def no_signals(n_questions: int) -> Signals:
    return np.zeros((n_questions, len(Kind)), dtype=np.int_)


def learn_weights(probability: Table, signals: Signals) -> Table:
    """(kinds, levels) in log odds; 0 for what is unknown or says nothing."""
    weights = np.zeros((len(Kind), N_LEVELS))
    if not signals.any():
        return weights
    believed = np.clip(probability, 1e-4, 1 - 1e-4)
    for _round in range(ROUNDS):
        for kind in Kind:
            weights[kind] = weigh_kind(believed, signals[:, kind])
        believed = believe(probability, signals, weights)
    return weights


def weigh_kind(believed: Table, levels: NDArray[np.int_]) -> Table:
    """How much more often each level is shown where a question is covered, of the levels that are shown at all."""
    covered = np.bincount(levels, believed, N_LEVELS)
    uncovered = np.bincount(levels, 1 - believed, N_LEVELS)
    is_shown = np.bincount(levels, minlength=N_LEVELS) > 0
    is_shown[0] = False
    n_shown = int(is_shown.sum())
    if not n_shown:
        return np.zeros(N_LEVELS)
    given_covered = (covered + 0.5) / (covered[is_shown].sum() + 0.5 * n_shown)
    given_not = (uncovered + 0.5) / (uncovered[is_shown].sum() + 0.5 * n_shown)
    weights: Table = np.where(is_shown, np.clip(np.log(given_covered / given_not), -MAX_WEIGHT, MAX_WEIGHT), 0)
    return weights


def weigh_each(signals: Signals, weights: Table) -> Table:
    """(questions, kinds): what each signal adds to the log odds, before all of them together are held to MAX_WEIGHT."""
    each: Table = weights[np.arange(len(Kind)), signals]
    return each


def believe(probability: Table, signals: Signals, weights: Table) -> Table:
    """The probability of each question after its signals."""
    if not signals.any():
        return probability
    clipped = np.clip(probability, 1e-4, 1 - 1e-4)
    said = np.clip(weigh_each(signals, weights).sum(axis=1), -MAX_WEIGHT, MAX_WEIGHT)
    believed: Table = 1 / (1 + np.exp(-(np.log(clipped / (1 - clipped)) + said)))
    return np.where(signals.any(axis=1), believed, probability)


def weigh_signals(probability: Table, signals: Signals) -> Table:
    return believe(probability, signals, learn_weights(probability, signals))
