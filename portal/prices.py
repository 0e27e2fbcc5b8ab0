"""What a model's tokens cost. A model that is not listed has no price: its cost is stored as unknown, never guessed."""

import re
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings

MILLION = Decimal(1_000_000)
DATED_NAME = re.compile(r"-\d{4}-\d{2}-\d{2}$")  # gpt-4o-mini-2024-07-18 costs what gpt-4o-mini costs


@dataclass(frozen=True, slots=True)
class Price:
    """USD for a million tokens."""

    input: Decimal
    cached_input: Decimal
    output: Decimal


# OpenAI's published list prices for the standard tier. A contract or another provider differs:
# OPENAI_INPUT_PRICE and OPENAI_OUTPUT_PRICE then say what is paid.
LIST_PRICES: dict[str, Price] = {
    "gpt-4o": Price(Decimal("2.50"), Decimal("1.25"), Decimal("10.00")),
    "gpt-4o-mini": Price(Decimal("0.15"), Decimal("0.075"), Decimal("0.60")),
    "gpt-4.1": Price(Decimal("2.00"), Decimal("0.50"), Decimal("8.00")),
    "gpt-4.1-mini": Price(Decimal("0.40"), Decimal("0.10"), Decimal("1.60")),
    "gpt-4.1-nano": Price(Decimal("0.10"), Decimal("0.025"), Decimal("0.40")),
    "gpt-5": Price(Decimal("1.25"), Decimal("0.125"), Decimal("10.00")),
    "gpt-5-mini": Price(Decimal("0.25"), Decimal("0.025"), Decimal("2.00")),
    "gpt-5-nano": Price(Decimal("0.05"), Decimal("0.005"), Decimal("0.40")),
}


def find_price(model: str) -> Price | None:
    if settings.OPENAI_INPUT_PRICE and settings.OPENAI_OUTPUT_PRICE:
        paid_in, paid_out = Decimal(settings.OPENAI_INPUT_PRICE), Decimal(settings.OPENAI_OUTPUT_PRICE)
        return Price(paid_in, paid_in, paid_out)
    return LIST_PRICES.get(DATED_NAME.sub("", model))


def find_cost(model: str, *, input_tokens: int, cached_tokens: int, output_tokens: int) -> Decimal | None:
    """USD, or None where the price is unknown. `cached_tokens` are part of `input_tokens`."""
    price = find_price(model)
    if price is None:
        return None
    full = input_tokens - cached_tokens
    return (full * price.input + cached_tokens * price.cached_input + output_tokens * price.output) / MILLION
