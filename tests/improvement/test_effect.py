import numpy as np
import pytest

from improvement.effect import Observation, Verdict, measure_effect


def cell(n_verified, n, *, is_topic, is_after, stratum="widget en", customer="c"):
    return [
        Observation(f"{customer}{is_topic}{is_after}{number}", stratum, is_topic, is_after, number < n_verified)
        for number in range(n)
    ]


def world(before, after, control_before, control_after):
    """(verified, n) of each cell; every question of another customer."""
    return [
        *cell(*before, is_topic=True, is_after=False),
        *cell(*after, is_topic=True, is_after=True),
        *cell(*control_before, is_topic=False, is_after=False),
        *cell(*control_after, is_topic=False, is_after=True),
    ]


def test_from_10_to_70_percent_while_others_gain_5_points_is_55_points_of_help():
    estimate = measure_effect(world((10, 100), (70, 100), (160, 200), (170, 200)))
    assert estimate.verdict == Verdict.HELPED
    assert (estimate.rate_before, estimate.rate_after) == (0.1, 0.7)
    assert estimate.control_change == pytest.approx(0.05)
    assert estimate.change == pytest.approx(0.55)
    assert 0.4 < estimate.change_low < 0.55 < estimate.change_high < 0.7


def test_a_rise_that_other_topics_have_too_is_no_clear_effect():
    estimate = measure_effect(world((20, 100), (50, 100), (60, 300), (150, 300)))
    assert estimate.change == pytest.approx(0)
    assert estimate.verdict == Verdict.NO_CLEAR_EFFECT


def test_a_fall_is_harm():
    assert measure_effect(world((60, 100), (20, 100), (100, 200), (100, 200))).verdict == Verdict.HARMED


@pytest.mark.parametrize(
    "cells",
    [
        ((0, 29), (29, 30), (100, 200), (100, 200)),
        ((0, 30), (29, 29), (100, 200), (100, 200)),
        ((0, 100), (90, 100), (20, 29), (20, 30)),
        ((0, 100), (90, 100), (20, 30), (20, 29)),
    ],
)
def test_below_30_on_any_side_it_is_too_early_however_large_the_change(cells):
    assert measure_effect(world(*cells)).verdict == Verdict.TOO_EARLY


def test_thirty_on_every_side_is_enough():
    assert measure_effect(world((0, 30), (30, 30), (15, 30), (15, 30))).verdict == Verdict.HELPED


@pytest.mark.parametrize("present", [[], ["before"], ["before", "after"]])
def test_missing_sides_give_no_number_and_no_error(present):
    observations = [
        one for one in world((5, 40), (20, 40), (0, 0), (0, 0)) if ("after" if one.is_after else "before") in present
    ]
    estimate = measure_effect(observations)
    assert (estimate.verdict, estimate.change) == (Verdict.TOO_EARLY, None)


def test_controls_are_matched_on_channel_so_that_a_change_of_mix_is_no_effect():
    """Email is at 20 %, widget at 80 %, always; the topic moves from email to widget, and so do its controls."""
    observations = []
    for is_after, (n_email, n_widget) in ((False, (90, 10)), (True, (10, 90))):
        observations += cell(n_email // 5, n_email, is_topic=True, is_after=is_after, stratum="email", customer="e")
        observations += cell(
            n_widget * 4 // 5, n_widget, is_topic=True, is_after=is_after, stratum="widget", customer="w"
        )
        observations += cell(20, 100, is_topic=False, is_after=is_after, stratum="email", customer="e")
        observations += cell(80, 100, is_topic=False, is_after=is_after, stratum="widget", customer="w")
    estimate = measure_effect(observations)
    assert estimate.rate_after - estimate.rate_before == pytest.approx(0.48)
    assert estimate.change == pytest.approx(0, abs=1e-9)


def test_the_same_questions_give_the_same_interval():
    observations = world((10, 60), (30, 60), (50, 100), (52, 100))
    assert measure_effect(observations, seed=3) == measure_effect(observations, seed=3)


def test_many_questions_of_few_customers_widen_the_interval():
    alone = measure_effect(world((20, 80), (50, 80), (100, 200), (100, 200)))
    one = world((20, 80), (50, 80), (100, 200), (100, 200))
    few = [
        Observation(
            f"c{one.is_topic}{one.is_after}{one.is_verified}{i % 4}", "", one.is_topic, one.is_after, one.is_verified
        )
        for i, one in enumerate(one)
    ]
    clustered = measure_effect(few)
    assert clustered.change == pytest.approx(alone.change)
    assert clustered.change_high - clustered.change_low > 1.5 * (alone.change_high - alone.change_low)


def planted(effect, *, seed, n_customers=160):
    """Customers with habits of their own ask one to three times; the topic gains `effect`, everybody gains 5 points."""
    generator = np.random.default_rng(seed)
    observations = []
    for customer in range(n_customers):
        is_topic, is_after = bool(customer % 2), bool(customer // 2 % 2)
        rate = (0.3 if is_topic else 0.6) + 0.05 * is_after + effect * (is_topic and is_after)
        habit = generator.normal(0, 0.1)
        for _ in range(generator.integers(1, 4)):
            is_verified = generator.random() < min(max(rate + habit, 0), 1)
            observations.append(Observation(str(customer), "", is_topic, is_after, bool(is_verified)))
    return observations


@pytest.mark.parametrize("effect", [0.0, 0.3])
def test_the_interval_holds_the_planted_effect_in_about_95_of_100_worlds(effect):
    estimates = [measure_effect(planted(effect, seed=seed), n_draws=400) for seed in range(200)]
    covered = np.mean([one.change_low <= effect <= one.change_high for one in estimates])
    assert 0.90 <= covered <= 0.985
    assert np.mean([one.change for one in estimates]) == pytest.approx(effect, abs=0.03)


def test_without_an_effect_a_verdict_other_than_no_clear_effect_is_rare():
    verdicts = [measure_effect(planted(0.0, seed=seed), n_draws=400).verdict for seed in range(200)]
    assert verdicts.count(Verdict.NO_CLEAR_EFFECT) >= 180


def test_an_effect_of_40_points_is_found_nearly_always():
    verdicts = [measure_effect(planted(0.4, seed=seed), n_draws=400).verdict for seed in range(100)]
    assert verdicts.count(Verdict.HELPED) >= 85
    assert Verdict.HARMED not in verdicts
