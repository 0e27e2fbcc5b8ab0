"""Low, base and high; what each input alone does; why honest and seed differ; amounts that add up after rounding."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting.roi import Mode, compute_roi
from reporting.roi_cases import RESOLUTIONS, Reason, build_cases, find_swings
from reporting.roi_difference import explain_difference
from reporting.roi_waterfall import WIDTH, build_bars
from reporting.rounding import round_to_sum
from tests.reporting.roi_counts import CENT, counts, inputs, patient, typed

THOUSAND = {"n_conversations": 1000, "n_resolved": 680, "n_verified": 600, "n_ended": 900}


def ranges(cases) -> dict[str, tuple[Decimal, Decimal, Reason]]:
    return {each.key: (each.low, each.high, each.reason) for each in cases.ranges}


def test_low_and_high_put_every_input_at_its_worse_and_its_better_end():
    costs = typed(hourly_cost="30", minutes_per_conversation="10", minutes_low="8", minutes_high="11")
    cases = build_cases(counts(costs=costs, **THOUSAND))

    # 600 of 900: Wilson 63.5 – 69.7 %, in whole conversations 571 – 628.
    assert ranges(cases)[RESOLUTIONS] == (571, 628, Reason.CHANCE)
    assert ranges(cases)["minutes_per_conversation"] == (8, 11, Reason.TYPED_RANGE)
    assert ranges(cases)["hourly_cost"] == (30, 30, Reason.TYPED)
    assert ranges(cases)["ai_cost_per_conversation"] == (Decimal("0.04"), Decimal("0.06"), Reason.SPREAD)
    # 571 × 8 min at 30 − 1000 × 0.06; 600 × 5.00 − 50; 628 × 11 min at 30 − 1000 × 0.04
    assert [case.roi.savings.quantize(CENT) for case in cases] == [
        Decimal("2224.00"), Decimal("2950.00"), Decimal("3414.00"),
    ]  # fmt: skip


def test_minutes_without_a_typed_range_are_off_by_a_fifth():
    cases = build_cases(counts(costs=typed(minutes_per_conversation="10"), **THOUSAND))

    assert ranges(cases)["minutes_per_conversation"] == (8, 12, Reason.SPREAD)
    assert ranges(cases)["hourly_cost"] == (20, 30, Reason.SPREAD)  # nobody has checked the default of 25


def test_a_cost_measured_in_every_conversation_has_no_range():
    all_measured = counts(**THOUSAND, n_with_cost=1000, agent_cost=Decimal(40))
    half = counts(**THOUSAND, n_with_cost=500, agent_cost=Decimal(20))

    assert ranges(build_cases(all_measured))["ai_cost_per_conversation"][2] is Reason.MEASURED
    assert {case.roi.agent_spend for case in build_cases(all_measured)} == {40}
    assert ranges(build_cases(half))["ai_cost_per_conversation"][2] is Reason.PARTLY
    # Half of it is measured, the other half a default of 0.05 that may be 0.04 or 0.06.
    assert [case.roi.agent_spend for case in build_cases(half)] == [Decimal(50), Decimal(45), Decimal(40)]


def test_before_days_can_be_verified_low_counts_what_customers_confirmed():
    cases = build_cases(
        counts(n_conversations=100, n_resolved=80, n_verified=80, n_ended=100, n_confirmed=20, is_provisional=True)
    )

    # 20 confirmed of 100: Wilson from 13.3 %; 80 of 100: up to 86.7 %.
    assert ranges(cases)[RESOLUTIONS] == (13, 87, Reason.UNVERIFIED)


def test_where_more_minutes_lose_more_low_takes_the_longer_ones():
    cases = build_cases(counts(n_conversations=10, n_resolved=9, n_verified=1, n_recontacted=8, n_ended=10))

    assert cases.low.counts.costs.minutes_per_conversation.value > 8
    assert cases.low.roi.savings < cases.base.roi.savings < cases.high.roi.savings


def test_seed_cases_know_nothing_of_handoffs_and_fees():
    keys = [each.key for each in build_cases(counts(**THOUSAND), mode=Mode.SEED).ranges]

    assert keys == [RESOLUTIONS, "minutes_per_conversation", "hourly_cost", "ai_cost_per_conversation"]


@pytest.mark.parametrize("mode", list(Mode))
@patient
@given(given_counts=inputs())
def test_low_is_never_above_base_and_base_never_above_high(mode, given_counts):
    cases = build_cases(given_counts, mode=mode)

    assert cases.low.roi.savings <= cases.base.roi.savings <= cases.high.roi.savings
    assert cases.base.roi == compute_roi(given_counts, mode=mode)
    for each in cases.ranges:
        assert each.low <= each.base <= each.high, each.key


def test_sensitivity_names_the_strongest_input_first():
    swings = find_swings(counts(**THOUSAND))

    assert [swing.key for swing in swings] == [
        RESOLUTIONS, "minutes_per_conversation", "hourly_cost", "ai_cost_per_conversation",
    ]  # fmt: skip
    # Base 1,950; minutes ± 20 % move the 2,000 of work saved by 400, and so do 120 resolutions more or less.
    for swing in swings[:3]:
        assert (swing.low.quantize(CENT), swing.high.quantize(CENT)) == (Decimal("1550.00"), Decimal("2350.00"))
    # A dearer agent saves less.
    assert (swings[3].low.quantize(CENT), swings[3].high.quantize(CENT)) == (Decimal("1960.00"), Decimal("1940.00"))


def test_sensitivity_moves_a_measured_agent_cost_too_and_stops_where_all_are_resolved():
    measured = counts(n_conversations=100, n_resolved=90, n_verified=90, n_ended=95, n_with_cost=100,
                      agent_cost=Decimal(50))  # fmt: skip
    swings = {swing.key: swing for swing in find_swings(measured)}

    # 90 × 3.33 − 50 = 250; the agent at 40 and at 60
    assert swings["ai_cost_per_conversation"].low.quantize(CENT) == Decimal("260.00")
    # 95 ended, so that 108 cannot be: 95 × 3.33 − 50
    assert swings[RESOLUTIONS].high.quantize(CENT) == Decimal("266.67")


def test_why_honest_says_less_than_the_plain_formula():
    costs = typed(handoff_extra_minutes="3")
    difference = explain_difference(
        counts(costs=costs, n_conversations=100, n_resolved=70, n_verified=60, n_escalated=20, n_recontacted=6,
               n_with_cost=100, agent_cost=Decimal(8), review_seconds=1800)
    )  # fmt: skip

    amounts = {step.key: step.amount.quantize(CENT) for step in difference.steps}
    assert difference.seed.savings.quantize(CENT) == Decimal("229.83")  # 70 × 3.33 − 70 × 0.05
    assert amounts == {
        "not_verified": Decimal("-33.33"),  # 10 × 3.33
        "measured_cost": Decimal("-2.10"),  # 70 × (0.05 − 0.08)
        "every_conversation": Decimal("-2.40"),  # 30 × 0.08
        "handoffs": Decimal("-25.00"),  # 20 × 3 min at 25
        "recontacts": Decimal("-20.00"),
        "reviews": Decimal("-12.50"),
        "platform_fee": Decimal("0.00"),
    }
    assert difference.honest.savings.quantize(CENT) == Decimal("134.50")


@patient
@given(inputs())
def test_the_steps_lead_from_the_seed_result_to_the_honest_one(given_counts):
    difference = explain_difference(given_counts)
    steps = sum((step.amount for step in difference.steps), difference.seed.savings)

    assert abs(steps - difference.honest.savings) <= Decimal("1e-9")


money = st.lists(st.decimals(min_value=-(10**9), max_value=10**9, places=7), max_size=8)


@given(money, st.sampled_from([Decimal(1), CENT, Decimal("0.001")]))
def test_rounded_amounts_add_up_to_the_rounded_sum(amounts, unit):
    rounded = round_to_sum(amounts, unit)

    assert sum(rounded, Decimal(0)) == sum(amounts, Decimal(0)).quantize(unit)
    assert all(abs(one - other) < unit for one, other in zip(rounded, amounts, strict=True))


def test_a_third_three_times_is_one():
    assert round_to_sum([Decimal(1) / 3] * 3, CENT) == (Decimal("0.34"), Decimal("0.33"), Decimal("0.33"))


def test_the_waterfall_goes_up_and_comes_down_to_the_result():
    saved, agent, nothing, total = build_bars([Decimal(100), Decimal(-150), Decimal(0)])

    # From −50 to 100; zero is a third of the way.
    assert (saved.x, saved.width, saved.kind, saved.zero) == (333, 667, "saved", 333)
    assert (agent.x, agent.width, agent.kind) == (0, WIDTH, "cost")
    assert nothing.width == 0
    assert (total.x, total.width, total.kind) == (0, 333, "loss")


@given(st.lists(st.decimals(min_value=-(10**6), max_value=10**6, places=2), max_size=7))
def test_every_bar_is_inside_and_what_is_not_nothing_can_be_seen(amounts):
    for bar, amount in zip(build_bars(amounts), [*amounts, sum(amounts)], strict=True):
        assert 0 <= bar.x <= bar.x + bar.width <= WIDTH
        assert (bar.width > 0) == (amount != 0)
