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


DEFAULTS = {
    "minutes_per_conversation": Decimal("8"),
    "hourly_cost": Decimal("25.00"),
    "ai_cost_per_conversation": Decimal("0.05"),
    "handoff_extra_minutes": Decimal("0"),
    "platform_fee_per_month": Decimal("0"),
}


@dataclass(frozen=True, slots=True)
class Costs:
    minutes_per_conversation: Cost
    hourly_cost: Cost
    ai_cost_per_conversation: Cost
    handoff_extra_minutes: Cost
    platform_fee_per_month: Cost

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

    return Costs(**{name: pick(name) for name in DEFAULTS})
