"""One number of one metric, with what says how sure it is. Pure."""

from dataclasses import dataclass
from decimal import Decimal

from analytics.metrics import Metric
from analytics.totals import Ratio, Totals


@dataclass(frozen=True, slots=True)
class Measured:
    """`n` is of how many, for rates and durations; `low` and `high` are a 95 % interval. Numbers of two sources (two
    scorers, for example) are not compared. `half_apart` is the interval's half without what two of one source share."""

    value: int | float | Decimal | None = None
    n: int | None = None
    low: float | None = None
    high: float | None = None
    ratio: Ratio | None = None
    source: str = ""
    half_apart: float | None = None

    @classmethod
    def of_ratio(cls, ratio: Ratio) -> "Measured":
        low, high = ratio.interval or (None, None)
        return cls(ratio.value, ratio.n, low, high, ratio)


def measured(metric: Metric, totals: Totals) -> Measured:
    """What a window's totals say of a metric that is in them."""
    if metric.ratio:
        return Measured.of_ratio(getattr(totals, metric.ratio))
    value = getattr(totals, metric.key)
    return Measured(value, getattr(totals, metric.histogram).n if metric.histogram else None)
