"""The return on investment of the asked days, prepared for reading: on the page, on paper and in files.

All money of the result is rounded here, so that every list of amounts adds up exactly to the sum below it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from babel.numbers import get_currency_precision
from django.utils.functional import Promise
from django.utils.http import urlencode

from analytics.charts import Chart
from analytics.queries import totals
from portal.models import Merchant
from portal.periods import Period
from reporting.asked_roi import AskedRoi
from reporting.roi import DAYS_PER_MONTH, Line, Mode, Roi
from reporting.roi_cases import Cases, Swing, build_cases, find_swings
from reporting.roi_chart import sensitivity_chart
from reporting.roi_difference import Difference, explain_difference
from reporting.roi_inputs import InputRow, build_input_rows
from reporting.roi_waterfall import Bar, build_bars, build_strips
from reporting.roi_words import (
    CASE_LABELS,
    LINE_LABELS,
    SOURCES,
    STEP_LABELS,
    break_even_sentence,
    calculation,
    comparison,
    headline,
    return_sentence,
)
from reporting.rounding import round_to_sum
from reporting.savings import Savings, compare_savings, measure_savings
from reporting.sentences import page_url

# The list of conversations that a line counts.
LISTS = {"work_saved": "verified", "agent": "", "handoffs": "escalated", "recontacts": "recontacted"}


@dataclass(frozen=True, slots=True)
class LineRow:
    key: str
    label: str | Promise
    calculation: str
    sources: tuple[tuple[str | Promise, str], ...]  # name and kind of badge
    amount: Decimal
    bar: Bar
    url: str


@dataclass(frozen=True, slots=True)
class CaseColumn:
    label: str | Promise
    savings: Decimal
    strip: Bar


@dataclass(frozen=True, slots=True)
class StepRow:
    label: str | Promise
    amount: Decimal


@dataclass(frozen=True, slots=True)
class RoiPage:
    asked: AskedRoi
    savings: Savings
    before: Savings
    amount: Decimal  # the result, rounded
    n_pending: int  # resolutions in the days that are left out
    lines: tuple[LineRow, ...]
    total_bar: Bar
    inputs: tuple[InputRow, ...]
    cases: Cases
    case_columns: tuple[CaseColumn, ...]
    swings: tuple[Swing, ...]
    chart: Chart | None
    difference: Difference
    steps: tuple[StepRow, ...]
    seed_amount: Decimal
    honest_amount: Decimal

    @property
    def merchant(self) -> Merchant:
        return self.asked.merchant

    @property
    def roi(self) -> Roi:
        return self.savings.roi

    @property
    def is_honest(self) -> bool:
        return self.roi.mode is Mode.HONEST

    @property
    def has_conversations(self) -> bool:
        return self.savings.counts.n_conversations > 0

    @property
    def break_even_is_out_of_reach(self) -> bool:
        rate = self.roi.break_even_rate
        return rate is not None and rate > 1

    @property
    def free_agent_loses(self) -> bool:
        cost = self.roi.break_even_agent_cost
        return cost is not None and cost < 0

    @property
    def has_fee(self) -> bool:
        return self.is_honest and bool(self.savings.counts.costs.platform_fee_per_month.value)

    @property
    def fee_is_out_of_reach(self) -> bool:
        days = self.roi.payback_days
        return days is None or days > DAYS_PER_MONTH

    @property
    def counted_share(self) -> Decimal | None:
        n = self.savings.counts.n_conversations
        return Decimal(self.roi.n_counted) / n if n else None

    @property
    def headline(self) -> str:
        return headline(self.amount, self.savings.period, currency=self.merchant.currency)

    @property
    def comparison(self) -> str:
        """Empty where there is nothing to compare with."""
        if not self.before.counts.n_conversations or not self.before.is_whole:
            return ""
        before = self.before.roi.savings.quantize(cents_of(self.merchant))
        change = compare_savings(self.savings, self.before)
        return comparison(self.amount, before, change, self.before.period, currency=self.merchant.currency)

    @property
    def return_sentence(self) -> str:
        return return_sentence(self.roi, currency=self.merchant.currency)

    @property
    def break_even_sentence(self) -> str:
        return break_even_sentence(self.roi, self.counted_share)

    @property
    def query(self) -> str:
        """Leads to this result again, with the inputs that were tried out."""
        return urlencode({**self._days_and_mode, **self.asked.tried})

    @property
    def period_query(self) -> str:
        """Leads to the same days with the inputs that are saved."""
        return urlencode(self._days_and_mode)

    @property
    def _days_and_mode(self) -> dict[str, str]:
        return {**self.asked.period.query, **({} if self.is_honest else {"mode": self.roi.mode.value})}


def build_roi_page(asked: AskedRoi) -> RoiPage:
    savings = _measure(asked, asked.period, asked.mode)
    honest = savings if asked.mode is Mode.HONEST else _measure(asked, asked.period, Mode.HONEST)
    cents, counts = cents_of(asked.merchant), savings.counts
    cases, difference = build_cases(counts, mode=asked.mode), explain_difference(honest.counts)
    amounts = round_to_sum([line.amount for line in savings.roi.lines], cents)
    steps = round_to_sum([difference.seed.savings, *(step.amount for step in difference.steps)], cents)
    swings = tuple(find_swings(counts, mode=asked.mode))
    bars = build_bars(amounts)
    return RoiPage(
        asked=asked,
        savings=savings,
        before=_measure(asked, savings.period.previous(), asked.mode, is_provisional=savings.is_provisional),
        amount=sum(amounts, Decimal(0)),
        n_pending=_count_pending(asked, savings),
        lines=tuple(_line_rows(savings, amounts, bars, asked.merchant)),
        total_bar=bars[-1],
        inputs=build_input_rows(asked, savings, cases),
        cases=cases,
        case_columns=tuple(_case_columns(cases, cents)),
        swings=swings,
        chart=sensitivity_chart(swings, savings, currency=asked.merchant.currency) if swings else None,
        difference=difference,
        steps=tuple(
            StepRow(STEP_LABELS[step.key], amount) for step, amount in zip(difference.steps, steps[1:], strict=True)
        ),
        seed_amount=steps[0],
        honest_amount=sum(steps, Decimal(0)),
    )


def cents_of(merchant: Merchant) -> Decimal:
    """The smallest unit of the merchant's currency."""
    return Decimal(1).scaleb(-get_currency_precision(merchant.currency))


def _measure(asked: AskedRoi, period: Period, mode: Mode, *, is_provisional: bool | None = None) -> Savings:
    return measure_savings(
        asked.merchant, period, mode=mode, now=asked.now, costs=asked.costs, is_provisional=is_provisional
    )


def _count_pending(asked: AskedRoi, savings: Savings) -> int:
    pending = savings.pending
    return totals(asked.merchant, pending, now=asked.now, durations=False).n_resolved if pending else 0


def _line_rows(
    savings: Savings, amounts: tuple[Decimal, ...], bars: tuple[Bar, ...], merchant: Merchant
) -> Iterator[LineRow]:
    for line, amount, bar in zip(savings.roi.lines, amounts, bars, strict=False):
        yield LineRow(
            key=line.key,
            label=LINE_LABELS[line.key],
            calculation=calculation(line, savings.counts, savings.roi, currency=merchant.currency),
            sources=tuple(SOURCES[source] for source in line.sources),
            amount=amount,
            bar=bar,
            url=_conversations_url(line, savings, merchant),
        )


def _conversations_url(line: Line, savings: Savings, merchant: Merchant) -> str:
    if line.key not in LISTS or not line.quantity:
        return ""
    is_resolved = savings.roi.mode is Mode.SEED or (savings.is_provisional and line.key == "work_saved")
    outcome = "resolved" if is_resolved else LISTS[line.key]
    return f"{page_url('conversations', merchant)}?{urlencode({'outcome': outcome, **savings.period.query})}"


def _case_columns(cases: Cases, cents: Decimal) -> Iterator[CaseColumn]:
    amounts = [case.roi.savings.quantize(cents) for case in cases]
    for case, amount, strip in zip(cases, amounts, build_strips(amounts), strict=True):
        yield CaseColumn(CASE_LABELS[case.name], amount, strip)
