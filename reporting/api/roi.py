"""What the agent saves, over REST: the same formula, inputs and sources as on the page."""

from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api import MerchantApiView
from portal.costs import DEFAULTS, Cost, Source
from portal.models import CostInputs, Scope
from portal.periods import PeriodError, parse_period
from reporting.roi import Line, Mode
from reporting.savings import Savings, measure_savings

FORMULAS = {
    Mode.SEED: "savings = resolved × minutes / 60 × hourly_cost − resolved × ai_cost; "
    "roi = savings / (conversations × ai_cost)",
    Mode.HONEST: "savings = verified × minutes / 60 × hourly_cost − conversations × ai_cost − handoffs × extra minutes "
    "− re-contacts × human conversation − review hours × hourly_cost − platform fee; "
    "roi = savings / (conversations × ai_cost)",
}


class InputSerializer(serializers.Serializer[Any]):
    key = serializers.ChoiceField(choices=list(DEFAULTS))
    value = serializers.DecimalField(max_digits=16, decimal_places=6)
    source = serializers.ChoiceField(choices=[source.value for source in Source])  # type: ignore[assignment]


class LineSerializer(serializers.Serializer[Any]):
    key = serializers.ChoiceField(
        choices=["work_saved", "agent", "handoffs", "recontacts", "reviews", "platform_fee"],
    )
    quantity = serializers.DecimalField(max_digits=16, decimal_places=4)
    unit_amount = serializers.DecimalField(max_digits=16, decimal_places=6)
    amount = serializers.DecimalField(max_digits=16, decimal_places=2, help_text="Negative: a cost.")


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
    savings = serializers.DecimalField(max_digits=16, decimal_places=2, help_text="Negative: a loss.")
    roi = serializers.FloatField(allow_null=True)
    human_baseline = serializers.DecimalField(max_digits=16, decimal_places=2)
    break_even_rate = serializers.FloatField(allow_null=True, help_text="Share of all conversations, honest mode only.")
    is_provisional = serializers.BooleanField(help_text="No day is old enough: every resolution is taken to hold.")
    verified_at = serializers.DateTimeField(help_text="When the whole asked period can be verified.")


class RoiView(MerchantApiView):
    scope = Scope.READ

    @extend_schema(
        summary="Return on investment of a period",
        tags=["reports"],
        parameters=[
            OpenApiParameter("period", str, enum=["7d", "30d", "90d", "week", "month", "quarter", "year", "custom"]),
            OpenApiParameter("from", str, description="First day of a custom period, such as 2026-11-01."),
            OpenApiParameter("to", str, description="Last day of a custom period."),
            OpenApiParameter("mode", str, enum=[mode.value for mode in Mode], description="Default: honest."),
        ],
        responses=RoiSerializer,
    )
    def get(self, request: Request) -> Response:
        now = timezone.now()
        try:
            period = parse_period(request.query_params.dict(), zone=self.merchant.zone, now=now)
            mode = Mode(request.query_params.get("mode", Mode.HONEST))
        except PeriodError as error:
            raise exceptions.ValidationError({error.field: [error.message]}) from error
        except ValueError as error:
            raise exceptions.ValidationError({"mode": ["Use honest or seed."]}) from error
        costs = CostInputs.costs_of(self.merchant)
        savings = measure_savings(self.merchant, period, mode=mode, now=now, costs=costs)
        return Response(RoiSerializer(encode_savings(savings, self.merchant.currency)).data)


def encode_savings(savings: Savings, currency: str) -> dict[str, Any]:
    """Money is rounded here, once, to the currency's own decimals."""
    roi = savings.roi
    cents = Decimal(1).scaleb(-get_currency_precision(currency))
    return {
        "start": savings.period.start,
        "end": savings.period.end,
        "currency": currency,
        "mode": roi.mode.value,
        "formula": FORMULAS[roi.mode],
        "inputs": [_input(key, savings) for key in DEFAULTS],
        "n_conversations": savings.counts.n_conversations,
        "n_counted": roi.n_counted,
        "lines": [_line(line, cents) for line in roi.lines],
        "savings": roi.savings.quantize(cents),
        "roi": roi.roi,
        "human_baseline": roi.human_baseline.quantize(cents),
        "break_even_rate": roi.break_even_rate,
        "is_provisional": savings.is_provisional,
        "verified_at": savings.verified_at,
    }


def _input(key: str, savings: Savings) -> dict[str, Any]:
    cost: Cost = getattr(savings.counts.costs, key)
    if key == "ai_cost_per_conversation":
        cost = savings.roi.ai_cost
    return {"key": key, "value": cost.value.quantize(Decimal("1e-6")), "source": cost.source.value}


def _line(line: Line, cents: Decimal) -> dict[str, Any]:
    return {
        "key": line.key,
        "quantity": line.quantity.quantize(Decimal("1e-4")),
        "unit_amount": line.unit_amount.quantize(Decimal("1e-6")),
        "amount": line.amount.quantize(cents),
    }
