"""What the agent saves, by the formula of metrics.md (ROI). Pure; Decimal throughout, rounded once where it is shown.

Seed mode is the plain formula. Honest mode counts verified resolutions only, takes the agent's measured cost over all
conversations where events carry one, and subtracts what the agent makes people do.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from portal.costs import DEFAULTS, MINUTES_PER_HOUR, Cost, Costs, Source

SECONDS_PER_HOUR = 3600
DAYS_PER_MONTH = Decimal("30.4375")
SWING = Decimal("0.2")


class Mode(StrEnum):
    HONEST = "honest"
    SEED = "seed"


@dataclass(frozen=True, slots=True)
class RoiInput:
    """Counts of one period. `agent_cost` is the measured sum over the `n_with_cost` conversations that carry one."""

    costs: Costs
    n_conversations: int
    n_resolved: int
    n_verified: int
    n_days: int
    n_escalated: int = 0
    n_recontacted: int = 0
    n_with_cost: int = 0
    agent_cost: Decimal = Decimal(0)
    review_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """One summand of the savings: positive saves, negative costs. `quantity` × `unit_amount` = |amount|."""

    key: str
    quantity: Decimal
    unit_amount: Decimal
    amount: Decimal
    sources: tuple[Source, ...]  # of the unit amount, the quantity being measured


@dataclass(frozen=True, slots=True)
class Roi:
    mode: Mode
    n_counted: int
    human_baseline: Decimal
    agent_spend: Decimal
    lines: tuple[Line, ...]
    ai_cost: Cost
    break_even_rate: Decimal | None

    @property
    def savings(self) -> Decimal:
        return sum((line.amount for line in self.lines), Decimal(0))

    @property
    def roi(self) -> Decimal | None:
        """Savings per unit of money spent on the agent; None where nothing was spent."""
        return self.savings / self.agent_spend if self.agent_spend else None

    @property
    def is_negative(self) -> bool:
        return self.savings < 0


@dataclass(frozen=True, slots=True)
class Swing:
    """The savings when one input alone is 20 % lower and 20 % higher."""

    key: str
    low: Decimal
    high: Decimal

    @property
    def width(self) -> Decimal:
        return abs(self.high - self.low)


def compute_roi(counts: RoiInput, *, mode: Mode = Mode.HONEST) -> Roi:
    ai_cost = counts.costs.ai_cost_per_conversation if mode is Mode.SEED else measured_ai_cost(counts)
    human = counts.costs.human_conversation
    spend = counts.n_conversations * ai_cost.value
    n_counted = counts.n_resolved if mode is Mode.SEED else counts.n_verified
    work_saved = _line("work_saved", n_counted, human, sign=1, sources=counts.costs.human_sources)
    n_charged, side_costs = (n_counted, ()) if mode is Mode.SEED else (counts.n_conversations, _side_costs(counts))
    costs = (_line("agent", n_charged, ai_cost.value, sources=(ai_cost.source,)), *side_costs)
    baseline = counts.n_conversations * human
    return Roi(
        mode=mode,
        n_counted=n_counted,
        human_baseline=baseline,
        agent_spend=spend,
        lines=(work_saved, *costs),
        ai_cost=ai_cost,
        break_even_rate=_break_even(spend, costs, baseline) if mode is Mode.HONEST else None,
    )


def measured_ai_cost(counts: RoiInput) -> Cost:
    """The agent's cost per conversation: measured where events carry it, the typed one for the others."""
    typed = counts.costs.ai_cost_per_conversation
    if not counts.n_with_cost or not counts.n_conversations:
        return typed
    without = counts.n_conversations - counts.n_with_cost
    return Cost((counts.agent_cost + without * typed.value) / counts.n_conversations, Source.MEASURED)


def find_swings(counts: RoiInput, *, mode: Mode = Mode.HONEST) -> list[Swing]:
    """One-at-a-time sensitivity, the widest first."""

    def savings(field: str, factor: Decimal) -> Decimal:
        cost: Cost = getattr(counts.costs, field)
        changed = replace(counts.costs, **{field: Cost(cost.value * factor, cost.source)})
        agent_cost = counts.agent_cost * factor if field == "ai_cost_per_conversation" else counts.agent_cost
        return compute_roi(replace(counts, costs=changed, agent_cost=agent_cost), mode=mode).savings

    swings = [Swing(field, savings(field, 1 - SWING), savings(field, 1 + SWING)) for field in DEFAULTS]
    return sorted((swing for swing in swings if swing.width), key=lambda swing: -swing.width)


def _line(
    key: str, quantity: Decimal | int, unit_amount: Decimal, *, sources: tuple[Source, ...], sign: int = -1
) -> Line:
    # Adding zero turns −0 into 0.
    return Line(key, Decimal(quantity), unit_amount, sign * quantity * unit_amount + 0, sources)


def _side_costs(counts: RoiInput) -> tuple[Line, ...]:
    costs, wage = counts.costs, counts.costs.hourly_cost
    handoff = costs.handoff_extra_minutes.value * wage.value / MINUTES_PER_HOUR
    hours = Decimal(counts.review_seconds) / SECONDS_PER_HOUR
    months = counts.n_days / DAYS_PER_MONTH
    handoff_sources = tuple(dict.fromkeys((costs.handoff_extra_minutes.source, wage.source)))
    fee = costs.platform_fee_per_month
    return (
        _line("handoffs", counts.n_escalated, handoff, sources=handoff_sources),
        _line("recontacts", counts.n_recontacted, costs.human_conversation, sources=costs.human_sources),
        _line("reviews", hours, wage.value, sources=(wage.source,)),
        _line("platform_fee", months, fee.value, sources=(fee.source,)),
    )


def _break_even(spend: Decimal, costs: tuple[Line, ...], baseline: Decimal) -> Decimal | None:
    """The share of all conversations that must be resolved for the savings to be zero; above 1 it never pays."""
    return -sum((line.amount for line in costs), Decimal(0)) / baseline if baseline else None
