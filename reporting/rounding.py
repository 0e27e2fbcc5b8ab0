"""Rounds amounts so that they add up exactly to their rounded sum. Pure."""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal


def round_to_sum(amounts: Sequence[Decimal], unit: Decimal) -> tuple[Decimal, ...]:
    """By the largest remainder: the sum is rounded like any number, and every amount to one of its two neighbours.

    `unit` is a power of ten such as 0.01.
    """
    floors = [amount.quantize(unit, ROUND_FLOOR) for amount in amounts]
    total = sum(amounts, Decimal(0)).quantize(unit)
    n_up = int((total - sum(floors, Decimal(0))) / unit)
    by_remainder = sorted(range(len(amounts)), key=lambda n: floors[n] - amounts[n])
    for n in by_remainder[:n_up]:
        floors[n] += unit
    return tuple(floors)
