"""How far the result may be off: a low, a base and a high case, and what each input alone does. Pure.

Every input has a range that follows from its source. What is counted has the range of chance (95 % Wilson interval of
its rate); minutes the range that was typed, else ± SPREAD; a default that nobody has checked ± SPREAD; a typed amount
of money none. The savings are linear in each input, so that the worst and the best of all combinations lie at ends of
ranges: these are the low and the high case, and low ≤ base ≤ high always holds.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from itertools import product
from math import ceil, floor

from analytics.intervals import wilson
from portal.costs import DEFAULTS, SPREAD, Cost, Source
from reporting.roi import HONEST_ONLY, Count, Mode, Roi, RoiInput, compute_roi

RESOLUTIONS = "resolutions"


class Reason(StrEnum):
    CHANCE = "chance"  # 95 % interval of the rate
    UNVERIFIED = "unverified"  # low: only confirmed resolutions hold
    TYPED_RANGE = "typed_range"
    SPREAD = "spread"  # nobody measured or typed how sure it is
    PARTLY = "partly"  # SPREAD, where nothing was measured
    TYPED = "typed"  # taken as it is
    MEASURED = "measured"


@dataclass(frozen=True, slots=True)
class Range:
    """Of one input; `key` is RESOLUTIONS or a name of portal.costs.DEFAULTS."""

    key: str
    low: Decimal
    base: Decimal
    high: Decimal
    reason: Reason


@dataclass(frozen=True, slots=True)
class Case:
    name: str  # low, base or high
    counts: RoiInput
    roi: Roi

    def value_of(self, key: str) -> Decimal:
        """An input as this case has it; the agent's cost with what was measured."""
        if key == RESOLUTIONS:
            return Decimal(self.roi.n_counted)
        cost: Cost = getattr(self.counts.costs, key)
        return self.roi.ai_cost.value if key == "ai_cost_per_conversation" else cost.value


@dataclass(frozen=True, slots=True)
class Cases:
    low: Case
    base: Case
    high: Case
    ranges: tuple[Range, ...]

    def __iter__(self) -> Iterator[Case]:
        return iter((self.low, self.base, self.high))


@dataclass(frozen=True, slots=True)
class Swing:
    """The savings when one input alone is lower and higher by SPREAD."""

    key: str
    low: Decimal
    high: Decimal

    @property
    def width(self) -> Decimal:
        return abs(self.high - self.low)


def build_cases(counts: RoiInput, *, mode: Mode = Mode.HONEST) -> Cases:
    ranges = tuple(find_ranges(counts, mode=mode))
    ends = [(each.low, each.high) for each in ranges]
    corners = [
        _case(counts, {each.key: value for each, value in zip(ranges, values, strict=True)}, mode=mode)
        # An end without a range is taken once.
        for values in product(*(dict.fromkeys(pair) for pair in ends))
    ]
    # Of equal ones the first, which has the low ends, and the last, which has the high ones.
    low = min(corners, key=lambda case: case.roi.savings)
    high = max(reversed(corners), key=lambda case: case.roi.savings)
    base = Case("base", counts, compute_roi(counts, mode=mode))
    return Cases(replace(low, name="low"), base, replace(high, name="high"), ranges)


def find_ranges(counts: RoiInput, *, mode: Mode = Mode.HONEST) -> Iterator[Range]:
    yield _range_of_resolutions(counts, mode=mode)
    for name in _names(mode):
        cost: Cost = getattr(counts.costs, name)
        if name == "minutes_per_conversation":
            low, high = counts.costs.minutes_low, counts.costs.minutes_high
            reason = Reason.TYPED_RANGE if Source.TYPED in (low.source, high.source) else Reason.SPREAD
            yield Range(name, min(low.value, cost.value), cost.value, max(high.value, cost.value), reason)
        elif name == "ai_cost_per_conversation" and _is_all_measured(counts, mode):
            yield Range(name, cost.value, cost.value, cost.value, Reason.MEASURED)
        elif cost.source is Source.DEFAULT and cost.value:
            is_partly = name == "ai_cost_per_conversation" and mode is Mode.HONEST and counts.n_with_cost > 0
            reason = Reason.PARTLY if is_partly else Reason.SPREAD
            yield Range(name, cost.value * (1 - SPREAD), cost.value, cost.value * (1 + SPREAD), reason)
        else:
            yield Range(name, cost.value, cost.value, cost.value, Reason.TYPED)


def find_swings(counts: RoiInput, *, mode: Mode = Mode.HONEST) -> list[Swing]:
    """One-at-a-time sensitivity, the widest first. More resolutions than ended conversations there cannot be."""

    def savings(key: str, value: Decimal, *, factor: Decimal = Decimal(1)) -> Decimal:
        # What was measured moves with what is typed: the question is what a dearer agent would do.
        agent_cost = counts.agent_cost * factor if key == "ai_cost_per_conversation" else counts.agent_cost
        return _case(replace(counts, agent_cost=agent_cost), {key: value}, mode=mode).roi.savings

    def swing(key: str, base: Decimal, *, most: Decimal | None = None) -> Swing:
        up = base * (1 + SPREAD) if most is None else min(base * (1 + SPREAD), most)
        return Swing(key, savings(key, base * (1 - SPREAD), factor=1 - SPREAD), savings(key, up, factor=1 + SPREAD))

    n = Decimal(_counted(counts, mode))
    swings = [swing(RESOLUTIONS, n, most=max(n, Decimal(counts.n_ended)))]
    swings += [swing(name, getattr(counts.costs, name).value) for name in _names(mode)]
    return sorted((each for each in swings if each.width), key=lambda each: -each.width)


def _case(counts: RoiInput, values: Mapping[str, Decimal], *, mode: Mode) -> Case:
    costs, n = counts.costs, _counted(counts, mode)
    for key, value in values.items():
        if key == RESOLUTIONS:
            n = value
        else:
            costs = replace(costs, **{key: Cost(value, getattr(costs, key).source)})
    changed = replace(counts, costs=costs)
    changed = replace(changed, n_verified=n) if mode is Mode.HONEST else replace(changed, n_resolved=n)
    return Case("", changed, compute_roi(changed, mode=mode))


def _range_of_resolutions(counts: RoiInput, *, mode: Mode) -> Range:
    n, k = counts.n_ended, _counted(counts, mode)
    if not n:
        return Range(RESOLUTIONS, Decimal(k), Decimal(k), Decimal(k), Reason.CHANCE)
    is_unverified = mode is Mode.HONEST and counts.is_provisional
    surest = min(counts.n_confirmed, int(k)) if is_unverified else int(k)
    low, high = floor(wilson(surest, n)[0] * n), ceil(wilson(int(k), n)[1] * n)
    reason = Reason.UNVERIFIED if is_unverified else Reason.CHANCE
    return Range(RESOLUTIONS, Decimal(min(low, k)), Decimal(k), Decimal(max(min(high, n), k)), reason)


def _counted(counts: RoiInput, mode: Mode) -> Count:
    return counts.n_verified if mode is Mode.HONEST else counts.n_resolved


def _names(mode: Mode) -> tuple[str, ...]:
    return tuple(name for name in DEFAULTS if mode is Mode.HONEST or name not in HONEST_ONLY)


def _is_all_measured(counts: RoiInput, mode: Mode) -> bool:
    return mode is Mode.HONEST and 0 < counts.n_conversations == counts.n_with_cost
