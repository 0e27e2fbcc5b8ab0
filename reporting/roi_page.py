"""The result of the ROI formula, prepared for reading: each line with its quantity, its amount and its source."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.costs import Cost, Source
from reporting.roi import Line, Mode, Swing, find_swings
from reporting.savings import Savings

LINE_LABELS: dict[str, str | Promise] = {
    "work_saved": _("Conversations a person did not have to have"),
    "agent": _("Cost of the agent"),
    "handoffs": _("Extra handling of handoffs"),
    "recontacts": _("Customers who came back"),
    "reviews": _("Hours spent on reviews"),
    "platform_fee": _("Platform fee, in months"),
}
INPUT_LABELS: dict[str, str | Promise] = {
    "minutes_per_conversation": _("Minutes per conversation"),
    "hourly_cost": _("Cost per hour"),
    "ai_cost_per_conversation": _("Agent cost per conversation"),
    "handoff_extra_minutes": _("Extra minutes per handoff"),
    "platform_fee_per_month": _("Platform fee"),
}
MINUTES = ("minutes_per_conversation", "handoff_extra_minutes")
HONEST_ONLY = ("handoff_extra_minutes", "platform_fee_per_month")
SOURCES: dict[Source, tuple[str | Promise, str]] = {
    Source.MEASURED: (_("measured"), "good"),
    Source.TYPED: (_("typed"), "accent"),
    Source.DEFAULT: (_("default"), "neutral"),
}


@dataclass(frozen=True, slots=True)
class LineRow:
    label: str | Promise
    line: Line
    sources: tuple[tuple[str | Promise, str], ...]  # name and kind of badge
    decimals: int


@dataclass(frozen=True, slots=True)
class InputRow:
    label: str | Promise
    value: Decimal
    is_money: bool
    decimals: int
    source: str | Promise
    badge: str


@dataclass(frozen=True, slots=True)
class SwingRow:
    label: str | Promise
    swing: Swing


@dataclass(frozen=True, slots=True)
class RoiPage:
    savings: Savings
    lines: tuple[LineRow, ...]
    inputs: tuple[InputRow, ...]
    swings: tuple[SwingRow, ...]

    @property
    def is_honest(self) -> bool:
        return self.savings.roi.mode is Mode.HONEST

    @property
    def break_even_is_out_of_reach(self) -> bool:
        rate = self.savings.roi.break_even_rate
        return rate is not None and rate > 1

    @property
    def counted_share(self) -> Decimal | None:
        n = self.savings.counts.n_conversations
        return Decimal(self.savings.roi.n_counted) / n if n else None


def build_roi_page(savings: Savings) -> RoiPage:
    roi = savings.roi
    swings = find_swings(savings.counts, mode=roi.mode)
    return RoiPage(
        savings=savings,
        lines=tuple(_row(line) for line in roi.lines),
        inputs=tuple(_input_rows(savings)),
        swings=tuple(SwingRow(INPUT_LABELS[swing.key], swing) for swing in swings),
    )


def _row(line: Line) -> LineRow:
    sources = tuple(SOURCES[source] for source in line.sources)
    return LineRow(LINE_LABELS[line.key], line, sources, _decimals(line.quantity))


def _input_rows(savings: Savings) -> Iterator[InputRow]:
    """What went into the result, in the order of the form; the agent's cost as it was measured, where it was."""
    for key, label in INPUT_LABELS.items():
        cost: Cost = getattr(savings.counts.costs, key)
        if key == "ai_cost_per_conversation":
            cost = savings.roi.ai_cost
        elif savings.roi.mode is Mode.SEED and key in HONEST_ONLY:
            continue
        source, badge = SOURCES[cost.source]
        yield InputRow(label, cost.value, key not in MINUTES, _decimals(cost.value), source, badge)


def _decimals(value: Decimal) -> int:
    return 0 if value == value.to_integral_value() else 2
