"""What changed: told where it is beyond chance, with the part of the conversations where it happened."""

import random

from analytics.findings import daily_dispersion, find_changes
from analytics.histogram import Histogram
from analytics.totals import Totals, add_up


def ended(resolved, escalated=0, abandoned=0, **more):
    n = resolved + escalated + abandoned
    return Totals(n_conversations=n, n_resolved=resolved, n_escalated=escalated, n_abandoned=abandoned, **more)


def changes(parts, **options):
    """`parts`: dimension → key → (before, after); the first dimension is the whole."""
    whole = next(iter(parts.values())).values()
    before, after = (add_up(windows[side] for windows in whole) for side in (0, 1))
    return find_changes(before, after, parts, **options)


def test_nothing_is_told_where_nothing_is_beyond_chance():
    same = {"channel": {"widget": (ended(600, 300, 100), ended(610, 290, 105)), "email": (ended(20, 5), ended(15, 9))}}
    assert changes(same) == []
    assert changes({"channel": {"widget": (ended(2, 1), ended(1, 3))}}) == []
    assert changes({"channel": {"widget": (Totals(), ended(100, 50))}}) == []
    assert changes({"channel": {"widget": (Totals(), Totals())}}) == []


def test_chance_alone_seldom_has_something_to_tell():
    rng = random.Random(7)

    def window():
        outcomes = rng.choices(("resolved", "escalated", "abandoned"), (6, 3, 1), k=800)
        ratings = [rng.random() < 0.8 for _n in range(100)]
        return ended(*(outcomes.count(each) for each in ("resolved", "escalated", "abandoned")),
                     n_ratings=100, n_positive_ratings=sum(ratings))  # fmt: skip

    told = [bool(changes({"channel": {"widget": (window(), window())}})) for _n in range(300)]
    assert sum(told) / len(told) <= 0.08


def test_a_fall_of_the_resolution_rate_is_placed_in_the_channel_where_it_happened():
    parts = {
        "channel": {
            "widget": (ended(600, 300, 100), ended(598, 301, 101)),
            "whatsapp": (ended(300, 150, 50), ended(180, 270, 50)),
        },
        "language": {
            "en": (ended(450, 225, 75), ended(389, 285, 76)),
            "de": (ended(450, 225, 75), ended(389, 286, 75)),
        },
    }
    [fall] = changes(parts)
    assert (fall.metric, round(fall.before, 3), round(fall.after, 3), round(fall.value, 3)) == (
        "resolution_rate", 0.6, 0.519, -0.081,
    )  # fmt: skip
    assert (fall.place.dimension, fall.place.key, fall.place.before, fall.place.after) == (
        "channel",
        "whatsapp",
        0.6,
        0.36,
    )
    assert 0.9 < fall.place.explained < 1.1
    assert (fall.also[0], round(fall.also[1], 2)) == ("escalation_rate", 0.08)


def test_a_change_everywhere_has_no_place():
    halves = {"channel": {each: (ended(600, 400), ended(500, 500)) for each in ("widget", "email")}}
    [fall] = changes(halves)
    assert fall.place is None


def test_a_channel_with_nearly_everything_is_no_place():
    nearly = {"channel": {"widget": (ended(590, 390), ended(490, 490)), "sms": (ended(10, 10), ended(10, 10))}}
    [fall] = changes(nearly)
    assert fall.place is None


def test_a_new_version_that_does_worse_is_the_place():
    parts = {
        "agent_version": {
            "1.0": (ended(600, 400), ended(420, 280)),
            "1.1": (Totals(), ended(90, 210)),
        }
    }
    [fall] = changes(parts)
    assert (fall.place.key, fall.place.before, fall.place.after) == ("1.1", None, 0.3)


def test_counts_change_in_percent_and_busy_days_are_no_news():
    parts = {"channel": {"widget": (ended(700, 300), ended(840, 360)), "email": (ended(70, 30), ended(70, 30))}}
    [more] = changes(parts)
    assert (more.metric, round(more.value, 3), more.place) == ("n_conversations", 0.182, None)
    assert changes(parts, dispersion=6.0) == []


def test_slower_answers_are_told_with_the_channel():
    def answers(*ms, n=200):
        return Totals(n_conversations=n, n_resolved=n, response_time=Histogram.of(list(ms) * n))

    fast, slow = answers(900, 1000, 1100), answers(1900, 2000, 2100)
    [slower] = changes({"channel": {"widget": (fast, fast), "email": (fast, slow)}})
    assert (slower.metric, slower.value, slower.place.key) == ("mean_response_time_ms", 0.5, "email")


def test_the_three_largest_are_told_largest_first():
    before = ended(600, 400, n_ratings=300, n_positive_ratings=240, response_time=Histogram.of([900, 1100] * 500))
    after = ended(600, 1000, n_ratings=400, n_positive_ratings=200, response_time=Histogram.of([5000, 5200] * 500))
    told = [each.metric for each in find_changes(before, after, {})]
    assert told == ["mean_response_time_ms", "csat", "n_conversations"]


def test_days_that_vary_more_than_chance_are_measured_per_weekday():
    assert daily_dispersion([100, 50] * 14, period=2) == 1.0
    assert daily_dispersion([100, 140, 60, 100, 130, 70, 100]) == 1.0
    assert 8 < daily_dispersion([70, 130] * 14, period=1) < 10
    assert daily_dispersion([]) == 1.0
