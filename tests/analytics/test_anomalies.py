"""Volumes and rates of simulated shops: quiet weeks say nothing, a known spike is one incident."""

import numpy as np
import pytest

from analytics.anomalies import find_unusual_rate, find_unusual_volume, join_outliers

N_WEEKS = 9


def shop_hours(per_hour, *, seed, n_weeks=N_WEEKS, growth=0.03, restless=0.1):
    """Expected conversations per hour: by day and night, weekdays and weekends, with days that differ for no reason."""
    rng = np.random.default_rng(seed)
    by_hour = 1 + 0.9 * np.sin((np.arange(24) - 8) / 24 * 2 * np.pi)
    shape = np.outer([1.1, 1, 1, 1, 1, 0.6, 0.5], by_hour).ravel()
    hours = per_hour * np.tile(shape / shape.mean(), n_weeks) * (1 + growth) ** (np.arange(n_weeks * 168) / 168)
    hours *= np.repeat(rng.gamma(1 / restless**2, restless**2, n_weeks * 7), 24)
    return (hours * rng.gamma(1 / restless**2, restless**2, hours.size)).reshape(n_weeks, 168)


def volume(per_hour, seed, *, hours=slice(0, 0), times=1.0, **shop):
    expected = shop_hours(per_hour, seed=seed, **shop)
    expected[-1, hours] *= times
    return np.random.default_rng(seed + 10_000).poisson(expected).astype(float)


@pytest.mark.parametrize("per_hour", [1, 10, 100])
def test_quiet_weeks_are_quiet(per_hour):
    n_alarmed = sum(bool(find_unusual_volume(volume(per_hour, seed))) for seed in range(200))
    assert n_alarmed <= 5


@pytest.mark.parametrize(("times", "n_hours"), [(3, 3), (0.1, 6), (2, 12)])
@pytest.mark.parametrize("per_hour", [20, 100])
def test_a_spike_or_an_outage_is_one_incident(per_hour, times, n_hours):
    n_found = 0
    for seed in range(40):
        counts = volume(per_hour, seed, hours=slice(60, 60 + n_hours), times=times)
        incidents = join_outliers(find_unusual_volume(counts))
        hits = [each for each in incidents if each.first < 60 + n_hours and each.last >= 60]
        assert len(hits) <= 1
        n_found += bool(hits) and (hits[0].worst.z > 0) == (times > 1)
    assert n_found >= 36


def test_the_hours_and_the_band_are_named():
    counts = volume(50, 1, hours=slice(60, 62), times=5)
    [spike] = join_outliers(find_unusual_volume(counts))
    assert spike.first <= 60
    assert spike.last >= 61
    assert spike.worst.value == counts[-1, spike.worst.first : spike.worst.last + 1].sum()
    assert spike.worst.low < spike.worst.expected < spike.worst.high < spike.worst.value


def test_last_months_outage_teaches_the_band_nothing():
    calm, after_outage = volume(50, 2), volume(50, 2)
    after_outage[3, 40:80] = 0
    after_outage[-1, 50:60] = 0
    assert not find_unusual_volume(calm)
    assert [each.last for each in join_outliers(find_unusual_volume(after_outage))] == [59]


def test_steady_growth_is_no_anomaly():
    assert sum(bool(find_unusual_volume(volume(50, seed, growth=0.2))) for seed in range(50)) <= 2


def test_an_hour_that_the_clock_skipped_is_no_outage():
    counts = volume(100, 3)
    counts[-1, 146] = np.nan
    counts[2, 146] = np.nan
    assert not find_unusual_volume(counts)


def test_three_weeks_are_too_little_to_say_anything():
    assert not find_unusual_volume(volume(100, 1, n_weeks=4, hours=slice(60, 70), times=10))
    few = np.full((4, 168), 100.0)
    assert not find_unusual_rate(few * 0.2, few)


def test_a_sharp_opening_hour_is_no_anomaly():
    open_hours = np.tile(np.repeat([0, 100, 0], [9, 8, 7]), 7 * N_WEEKS).reshape(N_WEEKS, 168)
    counts = np.random.default_rng(4).poisson(open_hours).astype(float)
    assert not find_unusual_volume(counts)
    counts[-1, 34:37] = 0
    assert [(each.first, each.last) for each in join_outliers(find_unusual_volume(counts))] == [(34, 36)]


def test_small_shops_have_no_alarm_for_a_handful():
    counts = np.zeros((N_WEEKS, 168))
    counts[-1, 10] = 9
    assert not find_unusual_volume(counts)
    counts[-1, 10] = 40
    assert [(each.first, each.value) for each in find_unusual_volume(counts)] == [(10, 40)]


def rates(per_hour, seed, *, hours=slice(0, 0), rate=0.2):
    rng = np.random.default_rng(seed)
    n = rng.poisson(shop_hours(per_hour, seed=seed))
    p = np.broadcast_to(0.2 * rng.gamma(100, 1 / 100, n.shape), n.shape).copy()
    p[-1, hours] = rate
    return rng.binomial(n, np.clip(p, 0, 1)).astype(float), n.astype(float)


@pytest.mark.parametrize("per_hour", [2, 20, 100])
def test_quiet_rates_are_quiet(per_hour):
    assert sum(bool(find_unusual_rate(*rates(per_hour, seed))) for seed in range(200)) <= 5


def test_a_broken_tool_shows_in_the_rate():
    found = [join_outliers(find_unusual_rate(*rates(20, s, hours=slice(60, 84), rate=0.5))) for s in range(40)]
    assert all(len(incidents) == 1 and incidents[0].worst.z > 0 for incidents in found)
    assert all(0.35 < incidents[0].worst.value < 0.7 and incidents[0].worst.expected < 0.3 for incidents in found)


def test_no_conversations_are_no_rate():
    empty = np.zeros((N_WEEKS, 168))
    assert not find_unusual_rate(empty, empty)
