import numpy as np
import pytest

from analytics.drift import compare_spread, find_shift


def alarms(residuals, every=10):
    """Whether any look raises one, after every ten labels."""
    return any(
        found.is_alarm for n in range(40, len(residuals) + 1, every) if (found := find_shift(residuals[:n])) is not None
    )


@pytest.mark.parametrize("shape", ["even", "skewed"])
def test_series_that_never_change_seldom_raise_an_alarm_however_often_one_looks(shape):
    rng = np.random.default_rng(1)
    draws = rng.normal(size=(300, 300)) if shape == "even" else -rng.exponential(size=(300, 300))
    assert sum(alarms(0.2 * row) for row in draws) <= 15  # 5 %


def test_a_judge_that_turns_mild_is_found_and_so_is_when():
    rng = np.random.default_rng(2)
    found = []
    for _series in range(50):
        residuals = rng.normal(0, 0.2, 120)
        residuals[70:] -= 0.2
        found.append(find_shift(residuals))
    assert sum(each.is_alarm for each in found) >= 45
    assert np.median([each.at for each in found]) == pytest.approx(70, abs=4)
    assert np.mean([each.after - each.before for each in found]) == pytest.approx(-0.2, abs=0.05)


def test_few_labels_and_equal_ones_say_nothing():
    assert find_shift([0.1, -0.1] * 19) is None
    assert find_shift([0.1] * 80) is None


def test_scores_that_move_up_raise_an_alarm_and_those_that_do_not_none():
    rng = np.random.default_rng(3)

    def tenths(low, n):
        return np.histogram(np.clip(rng.normal(low, 0.15, n), 0, 0.999), bins=10, range=(0, 1))[0].tolist()

    quiet = [compare_spread(tenths(0.6, 300), tenths(0.6, 2_000)) for _night in range(200)]
    assert not any(each.is_alarm for each in quiet)
    moved = compare_spread(tenths(0.75, 300), tenths(0.6, 2_000))
    assert moved.is_alarm
    assert moved.index > 0.2
    assert not compare_spread(tenths(0.75, 8), tenths(0.6, 2_000)).is_alarm  # too few to say
    assert compare_spread([0] * 10, tenths(0.6, 10)) is None
