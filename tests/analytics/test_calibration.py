"""Judges of known bias: the corrected mean must cover the truth, and never say less than the labels alone."""

from dataclasses import replace

import numpy as np
import pytest

from analytics.calibration import (
    GRID,
    HOUSE,
    Line,
    Prior,
    advise,
    build_correction,
    calibrate,
    correct_mean,
    is_provisional,
    labels_only,
    pool,
    slope_over,
)
from analytics.comparison import compare_measured
from analytics.corrections import Correction
from analytics.measured import Measured
from analytics.metrics import METRICS
from tests.analytics.calibration_worlds import JUDGES, N_ALL, draw_labels, world

SEEDS = 100


def corrected(scores, people, picked):
    fitted = calibrate(scores[picked], people[picked])
    return fitted, correct_mean(people[picked], fitted.predictions, float(fitted.apply(scores).mean()), len(scores))


@pytest.mark.parametrize("n", [20, 50, 200])
@pytest.mark.parametrize("judge", JUDGES)
def test_the_interval_of_the_corrected_mean_covers_the_truth(judge, n):
    covered, narrower, raw_is_off = 0, [], 0
    for seed in range(SEEDS):
        scores, people = world(seed, judge)
        picked = draw_labels(seed, n)
        _fitted, found = corrected(scores, people, picked)
        alone = labels_only(people[picked], N_ALL)
        covered += found.low <= people.mean() <= found.high
        assert found.half <= alone.half + 1e-12
        narrower.append(found.half / alone.half)
        raw_is_off += not found.low <= scores.mean() <= found.high
    assert covered >= 93
    if judge in ("optimistic", "nonlinear"):
        assert np.mean(narrower) < 0.85
        assert raw_is_off >= 93  # or the test would pass without any correction


@pytest.mark.parametrize("n", [20, 50])
def test_marks_that_are_nearly_always_high_are_covered_too(n):
    """Six in a hundred are failures that the score does not see; twenty labels often hold none."""
    covered = 0
    for seed in range(200):
        scores, people = world(seed, "optimistic", quality=(9, 1.2))
        people[np.random.default_rng(seed).random(N_ALL) < 0.06] = 0
        _fitted, found = corrected(scores, people, draw_labels(seed, n))
        covered += found.low <= people.mean() <= found.high
    assert covered >= 182  # 91 %


def test_all_labelled_leaves_nothing_to_estimate():
    scores, people = world(1, "optimistic", n=60)
    _fitted, found = corrected(scores, people, np.arange(60))
    assert found.value == pytest.approx(people.mean(), abs=2e-3)
    assert found.half == 0


def test_twenty_equal_labels_claim_no_certainty():
    found = labels_only(np.ones(20), N_ALL)
    assert found.low < 0.96
    assert found.high == 1.0


@pytest.mark.parametrize("judge", JUDGES)
@pytest.mark.parametrize("n", [5, 20, 400])
def test_maps_rise_and_stay_on_the_scale(judge, n):
    scores, people = world(3, judge)
    picked = draw_labels(3, n)
    curve = calibrate(scores[picked], people[picked]).curve
    assert (np.diff(curve) >= 0).all()
    assert 0 <= curve.min() <= curve.max() <= 1


def test_a_curve_is_chosen_where_it_fits_better_and_a_line_where_labels_are_few():
    scores, people = world(4, "nonlinear")
    many, few = draw_labels(4, 600), draw_labels(4, 60)
    bent = calibrate(scores[many], people[many])
    assert bent.kind == "isotonic"
    assert calibrate(scores[few], people[few]).kind == "linear"
    honest = np.abs(bent.predictions - people[many]).mean()
    assert honest < 0.75 * np.abs(scores[many] - people[many]).mean()


def test_predictions_never_come_from_a_map_that_saw_the_label():
    scores, people = world(5, "noisy")
    picked = draw_labels(5, 40)
    labels = people[picked].copy()
    before = calibrate(scores[picked], labels).predictions
    labels[7] = 1 - labels[7]
    after = calibrate(scores[picked], labels).predictions
    assert after[7] == before[7]
    assert (after != before).any()


def test_few_labels_are_drawn_to_what_other_merchants_have():
    scores, people = world(6, "compressed")
    truth = np.polynomial.polynomial.polyfit(scores, people, 1)
    line = truth[0] + truth[1] * GRID
    others = Prior(level=line[50], slope=truth[1], level_deviation=0.05, slope_deviation=0.2)
    seen = np.interp(np.quantile(scores, [0.05, 0.95]), GRID, np.arange(101)).astype(int)

    def error(prior, n, seed):
        picked = draw_labels(seed, n)
        found = calibrate(scores[picked], people[picked], prior).curve
        return np.abs(found - np.clip(line, 0, 1))[seen[0] : seen[1]].mean()

    for n, gain in ((8, 0.75), (400, 1.05)):
        shrunk, alone = (np.mean([error(prior, n, seed) for seed in range(30)]) for prior in (others, HOUSE))
        assert shrunk < gain * alone


def test_merchants_that_agree_make_a_narrow_prior_and_others_a_wide_one():
    same = pool([Line(0.4, 0.8, 0.001, 0.01)] * 6)
    apart = pool(
        [
            Line(level, slope, 0.001, 0.01)
            for level, slope in zip((0.1, 0.3, 0.5, 0.7, 0.9), (0, 0.5, 1, 1.5, 2), strict=True)
        ]
    )
    assert (same.level, same.slope) == (0.4, 0.8)
    assert same.level_deviation < 0.1 < apart.level_deviation
    assert same.slope_deviation < 0.2 < apart.slope_deviation
    assert apart.level == pytest.approx(0.5, abs=0.01)


def test_far_from_the_labelled_scores_the_line_is_less_sure():
    line = Correction(
        50, 2.0, value=0.6, score=0.5, slope=0.8, label_score=0.5, residual_variance=0.04, slope_variance=0.01
    )
    near, far = (line.apply(mean, 400, 0.1) for mean in (0.5, 0.9))
    assert (near.value, far.value) == (0.6, pytest.approx(0.92))
    assert far.value - far.low == pytest.approx(((near.value - near.low) ** 2 + (2 * 0.4 * 0.1) ** 2) ** 0.5)
    assert far.half_apart == near.half_apart < near.value - near.low


def test_two_periods_are_compared_without_what_they_share():
    """Both corrected by the same labels: their intervals overlap, and yet the change is clear."""
    metric = METRICS["quality_score"]
    now = Measured(0.66, 900, 0.56, 0.76, source="judge", half_apart=0.02)
    before = Measured(0.60, 900, 0.50, 0.70, source="judge", half_apart=0.02)
    assert compare_measured(metric, now, before).is_clear
    assert not compare_measured(metric, replace(now, half_apart=0.05), replace(before, half_apart=0.05)).is_clear
    assert not compare_measured(metric, replace(now, half_apart=None), before).is_clear


def test_twenty_labels_are_provisional_and_so_is_a_score_that_may_not_follow_people():
    assert is_provisional(20, 0.6)
    assert is_provisional(29, 0.6)
    assert not is_provisional(30, 0.6)
    assert is_provisional(300, 0.0)
    assert is_provisional(300, None)


def test_the_advice_holds_when_it_is_followed():
    """What 20 more labels were said to bring, against what they bring; over 60 merchants."""
    promised, found = [], []
    for seed in range(60):
        scores, people = world(seed, "optimistic")
        picked = draw_labels(seed, 60)
        first = np.sort(np.random.default_rng(seed).permutation(picked)[:40])
        before = corrected(scores, people, first)[1]
        promised.append(dict(advise(before.residual_variance, before.n, N_ALL))[20])
        found.append(corrected(scores, people, picked)[1].half)
        assert promised[-1] < before.half
    assert np.mean(promised) == pytest.approx(np.mean(found), rel=0.08)


def test_no_more_labels_are_advised_than_there_are_conversations():
    assert dict(advise(0.04, 40, 65)).keys() == {20}


@pytest.mark.parametrize("judge", JUDGES)
def test_a_period_is_corrected_by_labels_of_all_periods(judge):
    """Quality falls in the last month; labels are of both. Its mean is covered, and the parts add up to the whole."""
    covered = 0
    for seed in range(SEEDS):
        old, new = (world(2 * seed + n, judge, quality=quality) for n, quality in enumerate(((4, 1.6), (3.4, 1.6))))
        scores, people = (np.concatenate(pair) for pair in zip(old, new, strict=True))
        picked = draw_labels(seed, 60, len(scores))
        fitted, found = corrected(scores, people, picked)
        line = build_correction(
            fitted, scores[picked], people[picked], value=found.value, power=found.power,
            score=float(scores.mean()), slope=slope_over(fitted, scores, np.ones(len(scores))),
        )  # fmt: skip
        month = line.apply(float(new[0].mean()), N_ALL, float(new[0].std(ddof=1)))
        covered += month.low <= new[1].mean() <= month.high
        whole = line.apply(float(scores.mean()), len(scores), float(scores.std(ddof=1)))
        other = line.apply(float(old[0].mean()), N_ALL, float(old[0].std(ddof=1)))
        assert (month.value + other.value) / 2 == pytest.approx(whole.value) == pytest.approx(found.value)
    assert covered >= 93
