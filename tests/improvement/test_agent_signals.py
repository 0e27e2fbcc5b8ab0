"""Signals of conversations whose reliability was planted."""

import numpy as np
import pytest

from improvement.agent_signals import Kind, Level, Signal, learn_weights, no_signals, read_levels, weigh_signals

N = 4000
BY_TEXT = np.where(np.arange(N) < N // 2, 0.9, 0.1)
IS_COVERED = np.random.default_rng(2).random(N) < BY_TEXT  # the texts are right as often as they say


def shown(kind: Kind, *, reliability: float, yes: int, no: int) -> np.ndarray:
    """The level `yes` where a question is covered, `no` where not, right this often."""
    signals = no_signals(N)
    is_right = np.random.default_rng(3).random(N) < reliability
    signals[:, kind] = np.where(is_right == IS_COVERED, yes, no)
    return signals


@pytest.mark.parametrize(
    ("kind", "yes", "no"),
    [
        (Kind.SOURCES, Signal.CITED, Signal.MISSING_KNOWLEDGE),
        (Kind.CONFIDENCE, Level.HIGH, Level.LOW),
        (Kind.ASKED_AGAIN, Level.LOW, Level.HIGH),
        (Kind.RATING, Level.HIGH, Level.LOW),
    ],
)
def test_a_reliable_signal_counts_and_a_random_one_does_not(kind, yes, no):
    """Log odds of a signal that is right with probability r: ln r/(1−r)."""
    telling = learn_weights(BY_TEXT, shown(kind, reliability=0.9, yes=yes, no=no))
    assert telling[kind, yes] == pytest.approx(np.log(9), abs=0.3)
    assert telling[kind, no] == pytest.approx(-np.log(9), abs=0.3)
    random = weigh_signals(BY_TEXT, shown(kind, reliability=0.5, yes=yes, no=no))
    assert np.abs(random - BY_TEXT).max() < 0.03


def test_a_signal_moves_a_question_whose_text_says_nothing():
    signals = shown(Kind.CONFIDENCE, reliability=0.95, yes=Level.HIGH, no=Level.LOW)
    unsure = BY_TEXT.copy()
    unsure[:10], unsure[-10:] = 0.5, 0.5
    weighed = weigh_signals(unsure, signals)
    assert (weighed[:10][signals[:10, Kind.CONFIDENCE] == Level.HIGH] > 0.85).all()
    assert (weighed[-10:][signals[-10:, Kind.CONFIDENCE] == Level.LOW] < 0.15).all()


def test_a_reversed_scale_is_understood():
    """An agent whose high confidence goes with what it does not know."""
    weights = learn_weights(BY_TEXT, shown(Kind.CONFIDENCE, reliability=0.1, yes=Level.HIGH, no=Level.LOW))
    assert weights[Kind.CONFIDENCE, Level.HIGH] < -1


def test_all_signals_together_cannot_shout_a_text_down():
    signals = sum(shown(kind, reliability=1, yes=3, no=1) for kind in (Kind.CONFIDENCE, Kind.RATING, Kind.ASKED_AGAIN))
    against = BY_TEXT.copy()
    against[0] = 0.02
    assert weigh_signals(against, signals)[0] < 0.31


def test_questions_without_signals_keep_their_probability():
    signals = shown(Kind.RATING, reliability=0.9, yes=Level.HIGH, no=Level.LOW)
    signals[::2] = 0
    weighed = weigh_signals(BY_TEXT, signals)
    assert (weighed[::2] == BY_TEXT[::2]).all()
    assert (weighed[1::2] != BY_TEXT[1::2]).all()
    assert (weigh_signals(BY_TEXT, no_signals(N)) == BY_TEXT).all()


def test_levels_follow_the_agents_own_scale_and_unknown_stays_unknown():
    confidence = np.array([0.90, 0.91, 0.92, 0.97, 0.98, 0.99, np.nan])
    rating = np.array([1, 2, 3, 4, 5, np.nan, np.nan])
    again = np.array([1, 0, -1, 0, 0, 0, -1])
    levels = read_levels(np.zeros(7, dtype=int), confidence, again, rating)
    assert levels[:, Kind.CONFIDENCE].tolist() == [1, 1, 2, 2, 3, 3, 0]
    assert levels[:, Kind.RATING].tolist() == [1, 1, 2, 3, 3, 0, 0]
    assert levels[:, Kind.ASKED_AGAIN].tolist() == [3, 1, 0, 1, 1, 1, 0]
