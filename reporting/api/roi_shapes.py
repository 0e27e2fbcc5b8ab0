"""The return on investment as JSON: over REST and in the file that the page exports."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision
from rest_framework import serializers

from portal.costs import DEFAULTS, Cost, Source
from reporting.roi import Line, Mode
from reporting.roi_cases import RESOLUTIONS, Reason, build_cases, find_swings
from reporting.roi_difference import explain_difference
from reporting.rounding import round_to_sum
from reporting.savings import Savings

FORMULAS = {
    Mode.SEED: "savings = resolved × minutes / 60 × hourly_cost − resolved × ai_cost; "
    "roi = savings / (conversations × ai_cost)",
    Mode.HONEST: "savings = verified × minutes / 60 × hourly_cost − conversations × ai_cost − handoffs × extra minutes "
    "− re-contacts × human conversation − review hours × hourly_cost − platform fee; "
    "roi = savings / (conversations × ai_cost)",
}
RANGED = (RESOLUTIONS, *DEFAULTS)


def _money(**options: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=16, decimal_places=2, **options)


def _fine(**options: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=16, decimal_places=6, **options)


class InputSerializer(serializers.Serializer[Any]):
    key = serializers.ChoiceField(choices=list(DEFAULTS))
    value = _fine()
    source = serializers.ChoiceField(choices=[source.value for source in Source])  # type: ignore[assignment]


class LineSerializer(serializers.Serializer[Any]):
    key = serializers.ChoiceField(
        choices=["work_saved", "agent", "handoffs", "recontacts", "reviews", "platform_fee"],
    )
    quantity = serializers.DecimalField(max_digits=16, decimal_places=4)
    unit_amount = _fine()
    amount = _money(help_text="Negative: a cost. The amounts add up exactly to the savings.")


class CaseInputSerializer(serializers.Serializer[Any]):
    key = serializers.ChoiceField(choices=list(RANGED))
    value = _fine()
    reason = serializers.ChoiceField(choices=[reason.value for reason in Reason], help_text="Why its range is that.")


class CaseSerializer(serializers.Serializer[Any]):
    case = serializers.ChoiceField(choices=["low", "base", "high"])
    savings = _money()
    inputs = CaseInputSerializer(many=True)


class SwingSerializer(serializers.Serializer[Any]):
    key = serializers.ChoiceField(choices=list(RANGED))
    savings_lower = _money(help_text="With this input alone 20 % lower.")
    savings_higher = _money(help_text="With this input alone 20 % higher.")


class StepSerializer(serializers.Serializer[Any]):
    key = serializers.ChoiceField(
        choices=[
            *("seed", "not_verified", "measured_cost", "every_conversation"),
            *("handoffs", "recontacts", "reviews", "platform_fee", "honest"),
        ],
    )
    amount = _money()


class RoiSerializer(serializers.Serializer[Any]):
    start = serializers.DateTimeField(help_text="Of the days that the result covers.")
    end = serializers.DateTimeField()
    currency = serializers.CharField()
    mode = serializers.ChoiceField(choices=[mode.value for mode in Mode])
    formula = serializers.CharField()
    inputs = InputSerializer(many=True)
    n_conversations = serializers.IntegerField()
    n_counted = serializers.IntegerField(help_text="Resolutions that count: verified ones in honest mode.")
    lines = LineSerializer(many=True)
    savings = _money(help_text="Negative: a loss.")
    roi = serializers.FloatField(allow_null=True)
    human_baseline = _money()
    break_even_rate = serializers.FloatField(
        allow_null=True, help_text="Share of all conversations, honest mode only; above 1 it cannot pay."
    )
    break_even_agent_cost = _fine(
        allow_null=True,
        help_text="What a conversation may cost for savings of zero; negative: not even a free one pays.",
    )
    payback_days = serializers.FloatField(
        allow_null=True, help_text="Days until the platform fee of a month has come back; null without one, or never."
    )
    is_provisional = serializers.BooleanField(help_text="No day is old enough: every resolution is taken to hold.")
    verified_at = serializers.DateTimeField(help_text="When the whole asked period can be verified.")
    pending_from = serializers.DateTimeField(allow_null=True, help_text="From here on the asked days are left out.")
    cases = CaseSerializer(many=True, help_text="The worst and the best combination of the inputs' ranges.")
    sensitivity = SwingSerializer(many=True, help_text="The strongest input first.")
    difference = StepSerializer(
        many=True, help_text="From the seed formula's result to the honest one, honest mode only; the steps add up."
    )


def encode_savings(savings: Savings, currency: str) -> dict[str, Any]:
    """Money is rounded here, once, to the currency's own decimals, so that the lines add up."""
    roi = savings.roi
    cents = Decimal(1).scaleb(-get_currency_precision(currency))
    amounts = round_to_sum([line.amount for line in roi.lines], cents)
    agent_cost = roi.break_even_agent_cost
    return {
        "start": savings.period.start,
        "end": savings.period.end,
        "currency": currency,
        "mode": roi.mode.value,
        "formula": FORMULAS[roi.mode],
        "inputs": [_input(key, savings) for key in DEFAULTS],
        "n_conversations": savings.counts.n_conversations,
        "n_counted": roi.n_counted,
        "lines": [_line(line, amount) for line, amount in zip(roi.lines, amounts, strict=True)],
        "savings": sum(amounts, Decimal(0)),
        "roi": roi.roi,
        "human_baseline": roi.human_baseline.quantize(cents),
        "break_even_rate": roi.break_even_rate,
        "break_even_agent_cost": None if agent_cost is None else _six(agent_cost),
        "payback_days": roi.payback_days,
        "is_provisional": savings.is_provisional,
        "verified_at": savings.verified_at,
        "pending_from": savings.pending.start if savings.pending else None,
        "cases": list(_cases(savings, cents)),
        "sensitivity": [
            {"key": each.key, "savings_lower": each.low.quantize(cents), "savings_higher": each.high.quantize(cents)}
            for each in find_swings(savings.counts, mode=roi.mode)
        ],
        "difference": list(_difference(savings, cents)) if roi.mode is Mode.HONEST else [],
    }


def _input(key: str, savings: Savings) -> dict[str, Any]:
    cost: Cost = getattr(savings.counts.costs, key)
    if key == "ai_cost_per_conversation":
        cost = savings.roi.ai_cost
    return {"key": key, "value": _six(cost.value), "source": cost.source.value}


def _line(line: Line, amount: Decimal) -> dict[str, Any]:
    return {
        "key": line.key,
        "quantity": line.quantity.quantize(Decimal("1e-4")),
        "unit_amount": _six(line.unit_amount),
        "amount": amount,
    }


def _cases(savings: Savings, cents: Decimal) -> Iterator[dict[str, Any]]:
    cases = build_cases(savings.counts, mode=savings.roi.mode)
    for case in cases:
        inputs = [
            {"key": each.key, "value": _six(case.value_of(each.key)), "reason": each.reason.value}
            for each in cases.ranges
        ]
        yield {"case": case.name, "savings": case.roi.savings.quantize(cents), "inputs": inputs}


def _difference(savings: Savings, cents: Decimal) -> Iterator[dict[str, Any]]:
    difference = explain_difference(savings.counts)
    amounts = round_to_sum([difference.seed.savings, *(step.amount for step in difference.steps)], cents)
    keys = ("seed", *(step.key for step in difference.steps))
    yield from ({"key": key, "amount": amount} for key, amount in zip(keys, amounts, strict=True))
    yield {"key": "honest", "amount": sum(amounts, Decimal(0))}


def _six(value: Decimal) -> Decimal:
    return value.quantize(Decimal("1e-6"))
