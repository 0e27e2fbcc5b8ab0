"""Did an article help? Difference in differences of the verified resolution rate (metrics.md, Gaps). Pure.

What happened to the article's questions from before to after publication, minus what happened to matched questions of
untouched topics in the same weeks: a better model, a holiday or a new channel moves both and cancels out.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

MIN_QUESTIONS = 30  # on either side, of the topic and of its controls
N_DRAWS = 2000
DRAWS_AT_ONCE = 100  # bounds the memory: draws × customers
INTERVAL = (2.5, 97.5)

Floats = NDArray[np.float64]


class Verdict(StrEnum):
    HELPED = "helped"
    NO_CLEAR_EFFECT = "no_clear_effect"
    HARMED = "harmed"
    TOO_EARLY = "too_early"


@dataclass(frozen=True, slots=True)
class Observation:
    """One question of a mature conversation. `stratum`: what controls are matched on, such as channel and language."""

    customer: str
    stratum: str
    is_topic: bool
    is_after: bool
    is_verified: bool


@dataclass(frozen=True, slots=True)
class Estimate:
    """Rates 0-1, changes -1 to 1; None where there was nothing to compute them from."""

    verdict: Verdict
    n_before: int
    n_after: int
    n_control_before: int
    n_control_after: int
    rate_before: float | None = None
    rate_after: float | None = None
    control_change: float | None = None
    change: float | None = None
    change_low: float | None = None
    change_high: float | None = None


def measure_effect(observations: Sequence[Observation], *, seed: int = 0, n_draws: int = N_DRAWS) -> Estimate:
    """The estimate with its 95 % interval. The same observations and seed give the same numbers."""
    cells = Counter((one.is_topic, one.is_after) for one in observations)
    counts = {
        "n_before": cells[True, False],
        "n_after": cells[True, True],
        "n_control_before": cells[False, False],
        "n_control_after": cells[False, True],
    }
    weights = match_controls(observations)
    sums, totals = sum_by_customer(observations, weights)
    rates = _rates(sums.sum(axis=0), totals.sum(axis=0))
    before, after, control_before, control_after = (None if np.isnan(rate) else float(rate) for rate in rates)
    if before is None or after is None or control_before is None or control_after is None:
        return Estimate(Verdict.TOO_EARLY, **counts, rate_before=before, rate_after=after)
    control_change = control_after - control_before
    low, high = bootstrap_interval(sums, totals, seed=seed, n_draws=n_draws)
    return Estimate(
        decide(min(counts.values()), low, high),
        **counts,
        rate_before=before,
        rate_after=after,
        control_change=control_change,
        change=after - before - control_change,
        change_low=low,
        change_high=high,
    )


def decide(smallest_side: int, low: float, high: float) -> Verdict:
    if smallest_side < MIN_QUESTIONS:
        return Verdict.TOO_EARLY
    if low > 0:
        return Verdict.HELPED
    return Verdict.HARMED if high < 0 else Verdict.NO_CLEAR_EFFECT


def match_controls(observations: Sequence[Observation]) -> Floats:
    """1 for the topic's questions; controls weigh so that on each side their strata are as frequent as the topic's."""
    topic = Counter((one.is_after, one.stratum) for one in observations if one.is_topic)
    control = Counter((one.is_after, one.stratum) for one in observations if not one.is_topic)
    return np.array(
        [
            1.0 if one.is_topic else topic[one.is_after, one.stratum] / control[one.is_after, one.stratum]
            for one in observations
        ]
    )


def sum_by_customer(observations: Sequence[Observation], weights: Floats) -> tuple[Floats, Floats]:
    """Verified and all questions, (customers, 4): topic before, topic after, control before, control after."""
    rows = {customer: row for row, customer in enumerate(sorted({one.customer for one in observations}))}
    sums, totals = np.zeros((len(rows), 4)), np.zeros((len(rows), 4))
    for one, weight in zip(observations, weights, strict=True):
        row, cell = rows[one.customer], (0 if one.is_topic else 2) + one.is_after
        totals[row, cell] += weight
        sums[row, cell] += weight * one.is_verified
    return sums, totals


def bootstrap_interval(sums: Floats, totals: Floats, *, seed: int, n_draws: int) -> tuple[float, float]:
    """Percentiles over draws of whole customers, because one customer's questions are not independent."""
    generator = np.random.default_rng(seed)
    n_customers = len(sums)
    changes: list[Floats] = []
    for _ in range(0, n_draws, DRAWS_AT_ONCE):
        drawn = generator.multinomial(n_customers, np.full(n_customers, 1 / n_customers), size=DRAWS_AT_ONCE)
        rates = _rates(drawn @ sums, drawn @ totals)
        changes.append(rates[:, 1] - rates[:, 0] - (rates[:, 3] - rates[:, 2]))
    # A draw without any question on one side says nothing.
    low, high = np.nanpercentile(np.concatenate(changes), INTERVAL)
    return float(low), float(high)


def _rates(sums: Floats, totals: Floats) -> Floats:
    return np.divide(sums, totals, out=np.full_like(totals, np.nan), where=totals > 0)
