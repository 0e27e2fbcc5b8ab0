"""The ROI formula of metrics.md, in numbers and as identities."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given

from portal.costs import Source
from reporting.roi import Mode, compute_roi
from tests.reporting.roi_counts import CENT, counts, inputs, patient, typed

TINY = Decimal("1e-6")


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
    assert (roi.break_even_agent_cost, roi.payback_days) == (None, None)


def test_what_a_conversation_may_cost_and_when_the_fee_is_back():
    costs = typed(platform_fee_per_month="300", hourly_cost="30", minutes_per_conversation="10")
    roi = compute_roi(counts(costs=costs, n_conversations=1000, n_verified=600, n_days=30))

    # 600 × 5.00 − 1000 × 0.05 − 30 / 30.4375 × 300 = 3,000 − 50 − 295.69 = 2,654.31
    assert roi.savings.quantize(CENT) == Decimal("2654.31")
    # 2,950 / 1000 less the fee's 0.29569: at 2.70431 per conversation nothing is left.
    assert roi.break_even_agent_cost.quantize(CENT) == Decimal("2.70")
    # 2,950 in 30 days are 98.33 a day: 300 are back after 3.05 days.
    assert roi.payback_days.quantize(CENT) == Decimal("3.05")


def test_a_fee_that_the_work_does_not_earn_never_comes_back():
    costs = typed(platform_fee_per_month="300")
    roi = compute_roi(counts(costs=costs, n_conversations=100, n_verified=1, n_days=30))

    assert roi.payback_days is None
    assert roi.break_even_agent_cost < 0
    assert roi.break_even_rate < 1  # 300.69 of 333.33: with enough resolutions it would


def test_the_plain_formula_has_two_lines_and_the_honest_one_six():
    assert [line.key for line in compute_roi(counts()).lines] == [
        "work_saved", "agent", "handoffs", "recontacts", "reviews", "platform_fee",
    ]  # fmt: skip
    assert [line.key for line in compute_roi(counts(), mode=Mode.SEED).lines] == ["work_saved", "agent"]


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

    def with_more(**more) -> Decimal:
        return compute_roi(replace(given_counts, **more)).savings

    def with_dearer(name: str) -> Decimal:
        cost = getattr(given_counts.costs, name)
        return with_more(costs=replace(given_counts.costs, **{name: replace(cost, value=cost.value + 1)}))

    for name in ("n_escalated", "n_recontacted", "review_seconds"):
        assert with_more(**{name: getattr(given_counts, name) + 1}) <= base, name
    for name in ("ai_cost_per_conversation", "handoff_extra_minutes", "platform_fee_per_month"):
        assert with_dearer(name) <= base, name
    if given_counts.n_verified >= given_counts.n_recontacted:
        assert with_dearer("minutes_per_conversation") >= base
    one_more = with_more(n_verified=given_counts.n_verified + 1)
    assert abs(one_more - base - given_counts.costs.human_conversation) <= TINY


@patient
@given(inputs())
def test_at_the_break_even_rate_the_savings_are_zero(given_counts):
    rate = compute_roi(given_counts).break_even_rate
    if rate is None:
        return
    at_it = compute_roi(replace(given_counts, n_verified=rate * given_counts.n_conversations))

    assert abs(at_it.savings) <= TINY


@pytest.mark.parametrize("mode", list(Mode))
@patient
@given(given_counts=inputs())
def test_at_the_break_even_agent_cost_the_savings_are_zero(mode, given_counts):
    cost = compute_roi(given_counts, mode=mode).break_even_agent_cost
    if cost is None:
        return
    typed_cost = replace(given_counts.costs.ai_cost_per_conversation, value=cost)
    costs = replace(given_counts.costs, ai_cost_per_conversation=typed_cost)
    at_it = compute_roi(replace(given_counts, costs=costs, n_with_cost=0, agent_cost=Decimal(0)), mode=mode)

    assert abs(at_it.savings) <= TINY


@patient
@given(inputs())
def test_after_the_payback_days_the_fee_has_come_back(given_counts):
    roi = compute_roi(given_counts)
    fee = given_counts.costs.platform_fee_per_month.value
    if roi.payback_days is None:
        return
    before_the_fee = sum(line.amount for line in roi.lines if line.key != "platform_fee")

    assert abs(before_the_fee / given_counts.n_days * roi.payback_days - fee) <= TINY


@pytest.mark.parametrize("mode", list(Mode))
@patient
@given(given_counts=inputs())
def test_every_line_is_its_quantity_times_its_amount(mode, given_counts):
    for line in compute_roi(given_counts, mode=mode).lines:
        assert abs(abs(line.amount) - line.quantity * line.unit_amount) <= Decimal("1e-9")
