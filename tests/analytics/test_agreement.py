"""Figures against the libraries that everybody trusts, and intervals against what they promise."""

import dataclasses
import resource

import numpy as np
import pytest
import scipy.stats
from sklearn.metrics import cohen_kappa_score

from analytics.agreement import human_agreement, measure_agreement, measure_ceiling

FIGURES = ("pearson", "spearman", "mean_absolute_error", "weighted_kappa")


def steps(values):
    return np.clip(np.round(values * 4) / 4, 0, 1)


def rated(seed: int, n: int, noise: float = 0.25):
    """Scores, and marks in five steps that follow them."""
    rng = np.random.default_rng(seed)
    truth = rng.random(n)
    return np.clip(truth + rng.normal(0, noise, n), 0, 1), steps(truth + rng.normal(0, noise, n))


def test_figures_are_those_of_scipy_and_sklearn_ties_included():
    scores, labels = rated(1, 300)
    scores = np.round(scores, 1)
    found = measure_agreement(scores, labels)
    assert found.n == 300
    assert found.pearson == pytest.approx(scipy.stats.pearsonr(scores, labels).statistic, abs=1e-4)
    assert found.spearman == pytest.approx(scipy.stats.spearmanr(scores, labels).statistic, abs=1e-4)
    as_steps = [np.floor(column * 4 + 0.5).astype(int) for column in (scores, labels)]
    assert found.weighted_kappa == pytest.approx(cohen_kappa_score(*as_steps, weights="quadratic"), abs=1e-4)
    assert found.mean_absolute_error == pytest.approx(np.abs(scores - labels).mean(), abs=1e-4)


def test_every_figure_lies_in_its_interval_and_more_rows_narrow_it():
    few, many = (measure_agreement(*rated(2, n)) for n in (40, 640))
    for name in FIGURES:
        widths = []
        for found in (few, many):
            value, low, high = (getattr(found, name + end) for end in ("", "_low", "_high"))
            assert low <= value <= high
            widths.append(high - low)
        assert widths[1] < widths[0] / 2.5  # a fourth, by the root of 16


def test_the_bootstrap_of_spearman_is_the_one_written_out():
    """Ranks are taken anew in each sample: compared with drawing rows and asking scipy."""
    scores, labels = rated(3, 60)
    rng = np.random.default_rng(9)
    drawn = [rng.integers(0, 60, 60) for _sample in range(1_000)]
    slow = np.quantile([scipy.stats.spearmanr(scores[rows], labels[rows]).statistic for rows in drawn], [0.025, 0.975])
    found = measure_agreement(scores, labels)
    assert (found.spearman_low, found.spearman_high) == pytest.approx(tuple(slow), abs=0.03)


def test_intervals_cover_the_figure_of_a_large_crowd():
    scores, labels = rated(4, 20_000)
    truth = {
        "pearson": scipy.stats.pearsonr(scores, labels).statistic,
        "spearman": scipy.stats.spearmanr(scores, labels).statistic,
        "mean_absolute_error": np.abs(scores - labels).mean(),
        "weighted_kappa": cohen_kappa_score(np.round(scores * 4), labels * 4, weights="quadratic"),
    }
    found = [measure_agreement(*rated(1_000 + seed, 100)) for seed in range(60)]
    for name in FIGURES:
        inside = sum(getattr(each, f"{name}_low") <= truth[name] <= getattr(each, f"{name}_high") for each in found)
        assert inside >= 53, name  # a percentile bootstrap of 100 rows falls a little short of 95


def test_rows_that_hang_together_are_drawn_together():
    """The same mark five times over is no five times as sure."""
    scores, labels = rated(5, 40)
    alone = measure_agreement(scores, labels)
    repeated = np.repeat(np.arange(40), 5)
    together = measure_agreement(scores[repeated], labels[repeated], clusters=[f"{n:02}" for n in repeated])
    assert dataclasses.replace(together, n=40) == alone
    assert measure_agreement(scores[repeated], labels[repeated]).spearman_low > alone.spearman_low + 0.05


def test_the_share_of_the_ceiling_finds_what_noise_hides():
    """Scores that follow the truth with r = 0.8, marks by people of whom two agree with r = 0.5."""
    rng = np.random.default_rng(6)
    truth = rng.standard_normal(3_000)
    scores = 0.8 * truth + 0.6 * rng.standard_normal(3_000)
    ratings = [
        list(value + rng.standard_normal(2 if n % 4 == 0 else 1)) for n, value in enumerate(truth)
    ]  # every fourth by two
    found = measure_ceiling(scores, ratings)
    assert found.n_pairs == 750
    assert found.share == pytest.approx(0.8, abs=0.04)
    assert found.share_low < found.share < found.share_high
    assert found.highest == pytest.approx(found.reliability**0.5, abs=1e-3)
    assert measure_agreement(scores, [np.mean(row) for row in ratings]).pearson < 0.65


def test_without_pairs_or_agreement_there_is_no_ceiling():
    assert measure_ceiling([0.1, 0.5, 0.9], [[0.0], [0.5], [1.0]]).share is None
    against = measure_ceiling([0.1, 0.5, 0.9, 0.3], [[0.0, 1.0], [1.0, 0.0], [0.2, 0.8], [0.9, 0.1]])
    assert (against.n_pairs, against.reliability) == (4, None)
    assert human_agreement([[0.5]])["one_with_another"].n == 0


def test_samples_without_any_pair_are_left_out():
    found = measure_ceiling(np.linspace(0, 1, 20), [[n / 20] if n % 7 else [n / 20, n / 20 + 0.1] for n in range(20)])
    assert found.n_pairs == 3
    assert found.share_low is not None


def test_two_thousand_rows_take_less_than_a_second():
    scores, labels = rated(7, 2_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    measure_agreement(scores, labels)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_utime - before < 1.0
