"""One registry of metrics: docs, totals and comparison follow it."""

from django.conf import settings

from analytics.comparison import Kind, compare_totals
from analytics.histogram import Histogram
from analytics.metrics import METRICS
from analytics.metrics_page import with_registry
from analytics.models import Exclusion, Outcome
from analytics.totals import Totals


def test_docs_are_in_step():
    page = (settings.BASE_DIR / "docs" / "metrics.md").read_text()
    assert page == with_registry(page), "run manage.py metrics_docs"


def test_every_metric_has_its_number_and_its_parts():
    for metric in METRICS.values():
        if metric.is_in_totals:
            assert hasattr(Totals(), metric.key)
            assert hasattr(Totals(), metric.ratio or metric.histogram or metric.key)


def test_nothing_measured_is_none_and_never_zero():
    empty = Totals()
    assert empty.resolution_rate is empty.csat is empty.median_response_time_ms is empty.agent_cost is None
    assert {change.kind for change in compare_totals(empty, empty).changes.values()} == {Kind.NONE}


# The numbers that the definitions name: outcomes, rates, durations, counts.
DEFINED = {
    *("n_conversations", "n_open", "n_resolved", "n_confirmed", "n_assumed", "n_escalated", "n_abandoned"),
    *("n_not_involved", "n_ended", "n_verified", "n_pending", "n_excluded", "n_test", "n_spam", "n_no_request"),
    *("resolution_rate", "verified_resolution_rate", "escalation_rate", "abandonment_rate", "containment_rate"),
    *("involvement_rate", "recontact_rate", "csat", "csat_agent_only", "csat_human_assisted", "rating_response_rate"),
    *("knowledge_coverage", "quality_score", "n_messages", "unique_customers", "input_tokens", "output_tokens"),
    *("agent_cost", "agent_cost_per_conversation"),
    *(
        f"{which}_{what}_ms"
        for which in ("median", "p90", "p95", "mean")
        for what in ("response_time", "first_response_time", "resolution_time")
    ),
}


def test_every_defined_number_is_in_the_registry_once():
    assert set(METRICS) == DEFINED
    assert len({str(metric.name) for metric in METRICS.values()}) == len(METRICS)


def test_every_outcome_and_exclusion_has_its_number():
    numbers = {key.removeprefix("n_") for key in METRICS}
    assert set(Outcome.values) <= numbers
    assert set(filter(None, Exclusion.values)) <= numbers


def test_percentiles_and_means_come_from_the_histogram_they_name():
    totals = Totals(
        response_time=Histogram.of([1000] * 99 + [9000]),
        first_response_time=Histogram.of([2000]),
        resolution_time=Histogram.of([4000]),
    )
    for metric in METRICS.values():
        if metric.histogram:
            histogram = getattr(totals, metric.histogram)
            wanted = histogram.mean_ms if metric.quantile is None else histogram.quantile(metric.quantile)
            assert getattr(totals, metric.key) == wanted, metric.key


def test_sums_are_not_clearer_than_the_conversations_that_they_are_spread_over():
    """Twice the tokens in two conversations may be chance; in two thousand it is none."""
    few = change("input_tokens", now={"n_conversations": 2, "input_tokens": 9000},
                 before={"n_conversations": 2, "input_tokens": 4000})  # fmt: skip
    many = change("input_tokens", now={"n_conversations": 2000, "input_tokens": 9_000_000},
                  before={"n_conversations": 2000, "input_tokens": 4_000_000})  # fmt: skip
    assert (few.is_clear, many.is_clear) == (False, True)
    gone = change("input_tokens", now={"n_conversations": 50}, before={"n_conversations": 50, "input_tokens": 4000})
    assert (gone.kind, gone.value) == ("percent", -1.0)


def change(key, *, now, before):
    return compare_totals(Totals(**now), Totals(**before)).changes[key]


def rate(k, n):
    return {"n_resolved": k, "n_escalated": n - k, "n_conversations": n}


def test_rates_change_in_points_with_an_arrow_only_beyond_chance():
    clear = change("resolution_rate", now=rate(700, 1000), before=rate(600, 1000))
    assert (clear.kind, round(clear.value, 3), clear.is_clear, clear.direction, clear.is_better) == (
        "points", 0.1, True, "up", True,
    )  # fmt: skip
    chance = change("resolution_rate", now=rate(7, 10), before=rate(6, 10))
    assert (round(chance.value, 3), chance.is_clear, chance.direction, chance.is_better) == (0.1, False, "none", None)
    worse = change("escalation_rate", now=rate(600, 1000), before=rate(700, 1000))
    assert (worse.direction, worse.is_better) == ("up", False)


def test_counts_change_in_percent_and_are_new_from_zero():
    more = change("n_conversations", now=rate(1, 1200), before=rate(1, 1000))
    assert (more.kind, round(more.value, 3), more.direction, more.is_better) == ("percent", 0.2, "up", None)
    assert not change("n_conversations", now=rate(1, 12), before=rate(1, 10)).is_clear
    new = change("n_conversations", now=rate(1, 5), before=rate(0, 0))
    assert (new.kind, new.value) == ("new", None)


def test_durations_are_clear_only_where_their_intervals_part():
    slow, fast = Histogram.of([2000, 2100, 1900] * 100), Histogram.of([1000, 1100, 900] * 100)
    faster = change("median_response_time_ms", now={"response_time": fast}, before={"response_time": slow})
    assert (faster.is_clear, faster.direction, faster.is_better) == (True, "down", True)
    few = change(
        "mean_response_time_ms",
        now={"response_time": Histogram.of([1000, 3000])},
        before={"response_time": Histogram.of([2000, 3000])},
    )
    assert not few.is_clear


def test_counts_are_not_compared_with_a_window_in_which_the_data_began():
    found = compare_totals(Totals(**rate(70, 100)), Totals(**rate(5, 10)), is_previous_whole=False)
    assert found.changes["n_conversations"].kind == Kind.NONE
    assert found.changes["resolution_rate"].kind == Kind.POINTS
