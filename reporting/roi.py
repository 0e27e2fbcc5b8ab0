"""What the agent saves, by the formula of metrics.md (ROI). Pure; Decimal throughout, rounded once where it is shown.

Seed mode is the plain formula. Honest mode counts verified resolutions only, takes the agent's measured cost over all
conversations where events carry one, and subtracts what the agent makes people do.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from portal.costs import MINUTES_PER_HOUR, Cost, Costs, Source

SECONDS_PER_HOUR = 3600
DAYS_PER_MONTH = Decimal("30.4375")
# The seed formula does not know these inputs.
HONEST_ONLY = ("handoff_extra_minutes", "platform_fee_per_month")
Count = int | Decimal  # a what-if may ask for parts of a conversation


class Mode(StrEnum):
    HONEST = "honest"
    SEED = "seed"


@dataclass(frozen=True, slots=True)
class RoiInput:
    """Counts of one period. `agent_cost` is the measured sum over the `n_with_cost` conversations that carry one.

    `n_ended` are those that `n_verified` can be a share of: in days that can be verified the mature ones. Where no day
    can be verified (`is_provisional`) every resolution is taken to hold, so that `n_verified` = `n_resolved`.
    """

    costs: Costs
    n_conversations: int
    n_resolved: Count
    n_verified: Count
    n_days: int
    n_ended: int = 0
    n_confirmed: int = 0
    n_escalated: int = 0
    n_recontacted: int = 0
    n_with_cost: int = 0
    agent_cost: Decimal = Decimal(0)
    review_seconds: int = 0
    is_provisional: bool = False


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
    """`break_even_rate` is the share of all conversations that must be resolved for savings of zero; above 1 it never
    pays. `break_even_agent_cost` is what one conversation may cost for savings of zero; below 0 not even a free agent
    pays. `payback_days` is after how many days of a month the platform fee has come back; None without a fee, or where
    it never does."""

    mode: Mode
    n_counted: Count
    human_baseline: Decimal
    agent_spend: Decimal
    lines: tuple[Line, ...]
    ai_cost: Cost
    break_even_rate: Decimal | None
    break_even_agent_cost: Decimal | None
    payback_days: Decimal | None

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


def compute_roi(counts: RoiInput, *, mode: Mode = Mode.HONEST) -> Roi:
    is_honest = mode is Mode.HONEST
    ai_cost = measured_ai_cost(counts) if is_honest else counts.costs.ai_cost_per_conversation
    human = counts.costs.human_conversation
    n_counted = counts.n_verified if is_honest else counts.n_resolved
    n_charged = counts.n_conversations if is_honest else n_counted
    work_saved = _line("work_saved", n_counted, human, sign=1, sources=counts.costs.human_sources)
    costs = (
        _line("agent", n_charged, ai_cost.value, sources=(ai_cost.source,)),
        *(_side_costs(counts) if is_honest else ()),
    )
    savings = work_saved.amount + _sum(costs)
    baseline = counts.n_conversations * human
    return Roi(
        mode=mode,
        n_counted=n_counted,
        human_baseline=baseline,
        agent_spend=counts.n_conversations * ai_cost.value,
        lines=(work_saved, *costs),
        ai_cost=ai_cost,
        break_even_rate=-_sum(costs) / baseline if is_honest and baseline else None,
        break_even_agent_cost=ai_cost.value + savings / n_charged if n_charged else None,
        payback_days=_payback_days(counts, savings) if is_honest else None,
    )


def measured_ai_cost(counts: RoiInput) -> Cost:
    """The agent's cost per conversation: measured where events carry it, the typed one for the others."""
    typed = counts.costs.ai_cost_per_conversation
    if not counts.n_with_cost or not counts.n_conversations:
        return typed
    without = counts.n_conversations - counts.n_with_cost
    return Cost((counts.agent_cost + without * typed.value) / counts.n_conversations, Source.MEASURED)


def _line(key: str, quantity: Count, unit_amount: Decimal, *, sources: tuple[Source, ...], sign: int = -1) -> Line:
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


def _payback_days(counts: RoiInput, savings: Decimal) -> Decimal | None:
    fee = counts.costs.platform_fee_per_month.value
    if not fee or not counts.n_days:
        return None
    per_day = savings / counts.n_days + fee / DAYS_PER_MONTH  # before the fee
    return fee / per_day if per_day > 0 else None


def _sum(lines: tuple[Line, ...]) -> Decimal:
    return sum((line.amount for line in lines), Decimal(0))
