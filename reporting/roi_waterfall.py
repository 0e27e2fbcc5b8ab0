"""Where the bars of the waterfall and of the cases stand: SVG coordinates, 0 to WIDTH from left to right. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate, pairwise

WIDTH = 1000
THINNEST = 3  # so that nothing that has an amount is invisible


@dataclass(frozen=True, slots=True)
class Bar:
    x: int
    width: int
    zero: int  # where nothing saved and nothing lost is
    kind: str  # saved, cost, gain or loss


def build_bars(amounts: Sequence[Decimal]) -> tuple[Bar, ...]:
    """One bar for each amount, beginning where the one before ended, and one for their sum."""
    levels = [Decimal(0), *accumulate(amounts)]
    scale = _Scale(levels)
    steps = [scale.bar(start, end, kind="saved" if end > start else "cost") for start, end in pairwise(levels)]
    return (*steps, scale.bar(Decimal(0), levels[-1], kind="loss" if levels[-1] < 0 else "gain"))


def build_strips(results: Sequence[Decimal]) -> tuple[Bar, ...]:
    """One bar from zero to each result, on the scale of all."""
    scale = _Scale([Decimal(0), *results])
    return tuple(scale.bar(Decimal(0), result, kind="loss" if result < 0 else "gain") for result in results)


class _Scale:
    def __init__(self, values: Sequence[Decimal]) -> None:
        self.least = min(values)
        self.span = max(values) - self.least or Decimal(1)

    def at(self, value: Decimal) -> int:
        return round((value - self.least) / self.span * WIDTH)

    def bar(self, start: Decimal, end: Decimal, *, kind: str) -> Bar:
        left, right = sorted((self.at(start), self.at(end)))
        width = max(right - left, THINNEST) if start != end else 0
        return Bar(min(left, WIDTH - width), width, self.at(Decimal(0)), kind)
