"""The ROI formula of metrics.md, in numbers and as identities."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.costs import DEFAULTS, Source, build_costs
from reporting.roi import Mode, RoiInput, compute_roi, find_swings

CENT = Decimal("0.01")


def counts(**values) -> RoiInput:
    values = {"costs": build_costs({}), "n_conversations": 0, "n_resolved": 0, "n_verified": 0, "n_days": 30, **values}
    return RoiInput(**values)


def typed(**amounts: str):
    return build_costs({name: Decimal(amount) for name, amount in amounts.items()})


def test_the_seed_formula_with_its_defaults():
    roi = compute_roi(counts(n_conversations=1000, n_resolved=680), mode=Mode.SEED)

    # 680 × 8 / 60 × 25.00 − 680 × 0.05 = 2,266.67 − 34.00
    assert roi.savings.quantize(CENT) == Decimal("2232.67")
    # 2,232.67 / (1000 × 0.05)
    assert roi.roi.quantize(CENT) == Decimal("44.65")
    assert roi.human_baseline.quantize(CENT) == Decimal("3333.33")


def test_honest_mode_counts_verified_resolutions_and_charges_every_conversation():
    roi = compute_roi(counts(n_conversations=1000, n_resolved=680, n_verified=600))

    # 600 × 8 / 60 × 25.00 − 1000 × 0.05
    assert roi.savings.quantize(CENT) == Decimal("1950.00")
    assert roi.n_counted == 600


def test_measured_cost_replaces_the_typed_one_where_events_carry_it():
    half = counts(
        costs=typed(ai_cost_per_conversation="0.10"), n_conversations=10, n_with_cost=6, agent_cost=Decimal("3.00")
    )
    roi = compute_roi(half)

    # 6 conversations measured at 3.00 together, 4 at the typed 0.10
    assert roi.agent_spend == Decimal("3.40")
    assert roi.ai_cost.source == Source.MEASURED
    assert compute_roi(half, mode=Mode.SEED).ai_cost.source == Source.TYPED


def test_what_the_agent_makes_people_do_is_subtracted():
    costs = typed(handoff_extra_minutes="3", platform_fee_per_month="200", ai_cost_per_conversation="0")
    roi = compute_roi(
        counts(costs=costs, n_conversations=10, n_escalated=4, n_recontacted=2, review_seconds=7200, n_days=30)
    )

    amounts = {line.key: line.amount.quantize(CENT) for line in roi.lines}
    assert amounts == {
        "work_saved": Decimal("0.00"),
        "agent": Decimal("0.00"),
        "handoffs": Decimal("-5.00"),  # 4 × 3 min at 25.00 an hour
        "recontacts": Decimal("-6.67"),  # 2 × a conversation with a person
        "reviews": Decimal("-50.00"),  # two hours
        "platform_fee": Decimal("-197.13"),  # 30 of 30.4375 days
    }


def test_a_loss_is_called_a_loss():
    roi = compute_roi(counts(n_conversations=100, n_verified=1))

    assert roi.is_negative
    assert roi.savings.quantize(CENT) == Decimal("-1.67")


def test_without_conversations_there_is_nothing_to_divide_by():
    roi = compute_roi(counts())

    assert (roi.savings, roi.human_baseline, roi.roi, roi.break_even_rate) == (0, 0, None, None)


def test_sensitivity_names_the_widest_input_first():
    swings = find_swings(counts(n_conversations=1000, n_resolved=680, n_verified=600))

    assert [swing.key for swing in swings] == [
        "minutes_per_conversation", "hourly_cost", "ai_cost_per_conversation",
    ]  # fmt: skip
    # Base 1,950; minutes ± 20 % move the 2,000 of work saved by 400.
    assert (swings[0].low.quantize(CENT), swings[0].high.quantize(CENT)) == (Decimal("1550.00"), Decimal("2350.00"))


# Neighbours on the machine must not fail a test of arithmetic.
patient = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
amount = st.decimals(min_value=0, max_value=10_000, places=2)


@st.composite
def inputs(draw) -> RoiInput:
    n = draw(st.integers(0, 10**7))
    n_resolved = draw(st.integers(0, n))
    n_with_cost = draw(st.integers(0, n))
    return RoiInput(
        costs=build_costs({name: draw(st.none() | amount) for name in DEFAULTS}),
        n_conversations=n,
        n_resolved=n_resolved,
        n_verified=draw(st.integers(0, n_resolved)),
        n_days=draw(st.integers(1, 1100)),
        n_escalated=draw(st.integers(0, n - n_resolved)),
        n_recontacted=draw(st.integers(0, n_resolved)),
        n_with_cost=n_with_cost,
        agent_cost=draw(amount) if n_with_cost else Decimal(0),
        review_seconds=draw(st.integers(0, 10**6)),
    )


@patient
@given(inputs())
def test_seed_savings_are_the_formula(given_counts):
    costs = given_counts.costs
    roi = compute_roi(given_counts, mode=Mode.SEED)
    resolved, ai = given_counts.n_resolved, costs.ai_cost_per_conversation.value
    formula = resolved * costs.minutes_per_conversation.value / 60 * costs.hourly_cost.value - resolved * ai

    assert abs(roi.savings - formula) <= Decimal("1e-9")
    if roi.roi is not None:
        assert abs(roi.roi * given_counts.n_conversations * ai - formula) <= Decimal("1e-6")


@patient
@given(inputs())
def test_honest_savings_fall_with_every_cost_and_rise_with_every_verified_resolution(given_counts):
    base = compute_roi(given_counts).savings
    more_handoffs = compute_roi(replace(given_counts, n_escalated=given_counts.n_escalated + 1)).savings
    one_more = compute_roi(replace(given_counts, n_verified=given_counts.n_verified + 1)).savings

    assert more_handoffs <= base
    assert abs(one_more - base - given_counts.costs.human_conversation) <= Decimal("1e-6")


@patient
@given(inputs())
def test_at_the_break_even_rate_the_savings_are_zero(given_counts):
    roi = compute_roi(given_counts)
    if roi.break_even_rate is None:
        return
    needed = roi.break_even_rate * roi.human_baseline
    others = sum(line.amount for line in roi.lines if line.key != "work_saved")

    assert abs(needed + others) <= Decimal("1e-6")


@pytest.mark.parametrize("mode", list(Mode))
@patient
@given(given_counts=inputs())
def test_every_line_is_its_quantity_times_its_amount(mode, given_counts):
    for line in compute_roi(given_counts, mode=mode).lines:
        assert abs(abs(line.amount) - line.quantity * line.unit_amount) <= Decimal("1e-9")
