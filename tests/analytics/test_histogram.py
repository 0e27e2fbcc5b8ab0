"""Percentiles within 2 % of an observed value, and histograms that add up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.histogram import N_BINS, Histogram, bin_of, pack, unpack, value_of
from analytics.intervals import newcombe, wilson

DURATIONS = st.lists(st.integers(2, 10**9), min_size=1, max_size=50)


@given(DURATIONS, st.sampled_from([0.0, 0.5, 0.9, 0.95, 1.0]))
def test_a_quantile_is_within_two_percent_of_an_observation(durations, q):
    exact = sorted(durations)[int(q * (len(durations) - 1))]
    found = Histogram.of(durations).quantile(q)
    assert found == pytest.approx(exact, rel=0.0201)


@given(DURATIONS, DURATIONS)
def test_stored_histograms_merge_by_concatenation(first, second):
    def counts(durations):
        found = {}
        for ms in durations:
            found[bin_of(ms)] = found.get(bin_of(ms), 0) + 1
        return found

    merged = Histogram.from_packed(pack(counts(first)) + pack(counts(second)), sum(first + second))
    assert merged == Histogram.of(first + second) == Histogram.of(first) + Histogram.of(second)
    assert unpack(pack(counts(first))) == counts(first)


def test_edges():
    assert bin_of(0) == bin_of(1) == 0
    assert bin_of(10**15) == N_BINS - 1
    assert value_of(0) == 1.0
    assert Histogram.of([]).quantile(0.5) is None
    assert Histogram.of([]).mean_ms is None
    assert pack({3: 0}) == b""


def test_intervals_equal_the_published_examples():
    """Newcombe 1998: 56/70 against 48/80, method 10: 0.0524 to 0.3339; 81/263: 0.2553 to 0.3662."""
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert newcombe(56, 70, 48, 80) == pytest.approx((0.0524, 0.3339), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)
    assert newcombe(1, 1, 0, 0) == (-1.0, 1.0)
    assert wilson(0, 10)[0] == 0.0
