"""Counts of a period for the tests of the ROI formula: named ones, and any that can be."""

from decimal import Decimal

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from portal.costs import TYPED_NAMES, Costs, build_costs
from reporting.roi import RoiInput

CENT = Decimal("0.01")
# Neighbours on the machine must not fail a test of arithmetic.
patient = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
amount = st.decimals(min_value=0, max_value=10_000, places=2)


def counts(**values) -> RoiInput:
    values = {"costs": build_costs({}), "n_conversations": 0, "n_resolved": 0, "n_verified": 0, "n_days": 30, **values}
    return RoiInput(**values)


def typed(**amounts: str) -> Costs:
    return build_costs({name: Decimal(amount) for name, amount in amounts.items()})


@st.composite
def inputs(draw) -> RoiInput:
    n = draw(st.integers(0, 10**7))
    n_resolved = draw(st.integers(0, n))
    n_with_cost = draw(st.integers(0, n))
    n_escalated = draw(st.integers(0, n - n_resolved))
    is_provisional = draw(st.booleans())
    return RoiInput(
        costs=build_costs({name: draw(st.none() | amount) for name in TYPED_NAMES}),
        n_conversations=n,
        n_resolved=n_resolved,
        n_verified=n_resolved if is_provisional else draw(st.integers(0, n_resolved)),
        n_days=draw(st.integers(1, 1100)),
        n_ended=draw(st.integers(n_resolved + n_escalated, n)),
        n_confirmed=draw(st.integers(0, n_resolved)),
        n_escalated=n_escalated,
        n_recontacted=draw(st.integers(0, n_resolved)),
        n_with_cost=n_with_cost,
        agent_cost=draw(amount) if n_with_cost else Decimal(0),
        review_seconds=draw(st.integers(0, 10**6)),
        is_provisional=is_provisional,
    )
