"""What a conversation costs a person and the agent: each amount with where it comes from (metrics.md, ROI)."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

MINUTES_PER_HOUR = 60


class Source(StrEnum):
    MEASURED = "measured"
    TYPED = "typed"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Cost:
    """An amount in the merchant's currency, or minutes; never rounded here."""

    value: Decimal
    source: Source


# By how much an estimate that nobody has measured may be off, either way.
SPREAD = Decimal("0.2")
DEFAULTS = {
    "minutes_per_conversation": Decimal("8"),
    "hourly_cost": Decimal("25.00"),
    "ai_cost_per_conversation": Decimal("0.05"),
    "handoff_extra_minutes": Decimal("0"),
    "platform_fee_per_month": Decimal("0"),
}
# The range of the minutes: where nobody types one, the minutes ± SPREAD.
MINUTES_RANGE = ("minutes_low", "minutes_high")
# Everything that may be typed in, in the order of the page.
TYPED_NAMES = (
    "minutes_per_conversation",
    *MINUTES_RANGE,
    "hourly_cost",
    "ai_cost_per_conversation",
    "handoff_extra_minutes",
    "platform_fee_per_month",
)


@dataclass(frozen=True, slots=True)
class Costs:
    """`minutes_low` and `minutes_high` are the range in which the minutes lie."""

    minutes_per_conversation: Cost
    hourly_cost: Cost
    ai_cost_per_conversation: Cost
    handoff_extra_minutes: Cost
    platform_fee_per_month: Cost
    minutes_low: Cost
    minutes_high: Cost

    @property
    def human_conversation(self) -> Decimal:
        """What one conversation costs when a person has it."""
        return self.minutes_per_conversation.value * self.hourly_cost.value / MINUTES_PER_HOUR

    @property
    def human_sources(self) -> tuple[Source, ...]:
        """Where the parts of `human_conversation` come from, each source once."""
        return tuple(dict.fromkeys((self.minutes_per_conversation.source, self.hourly_cost.source)))


def build_costs(typed: Mapping[str, Decimal | None]) -> Costs:
    """Typed amounts win; where one is missing or None its default holds."""

    def pick(name: str) -> Cost:
        value = typed.get(name)
        return Cost(DEFAULTS[name], Source.DEFAULT) if value is None else Cost(value, Source.TYPED)

    minutes = pick("minutes_per_conversation")

    def pick_end(name: str, factor: Decimal) -> Cost:
        value = typed.get(name)
        return Cost(minutes.value * factor, Source.DEFAULT) if value is None else Cost(value, Source.TYPED)

    return Costs(
        **{name: pick(name) for name in DEFAULTS},
        minutes_low=pick_end("minutes_low", 1 - SPREAD),
        minutes_high=pick_end("minutes_high", 1 + SPREAD),
    )
