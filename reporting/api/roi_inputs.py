"""The inputs of the return on investment over REST: what is typed, by whom, and what holds where nothing is."""

import re
from decimal import Decimal
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api import MerchantApiView
from portal.costs import TYPED_NAMES, Cost, Source
from portal.models import ApiKey, CostInputs, Scope

WRITTEN = r"-?[0-9]+([.][0-9]+)?"
FINEST = Decimal("0.0001")  # the finest amount that can be typed


class Amount(serializers.DecimalField):
    """A text such as "31.50", or a whole number: a JSON number with decimals is not what was written."""

    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        """A text of blanks is no amount; null is how to say none."""
        return (False, data) if isinstance(data, str) else super().validate_empty_values(data)

    def to_internal_value(self, data: Any) -> Decimal:
        if isinstance(data, bool) or not isinstance(data, int | str) or not re.fullmatch(WRITTEN, str(data)):
            self.fail("invalid")
        return super().to_internal_value(str(data))


class TypedSerializer(serializers.ModelSerializer[CostInputs]):
    """The limits are the model's. null goes back to the default."""

    serializer_field_mapping = {**serializers.ModelSerializer.serializer_field_mapping, models.DecimalField: Amount}

    class Meta:
        model = CostInputs
        fields = TYPED_NAMES

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A PUT says all: what it leaves out is not typed any more."""
        amounts = {**self.context["saved"], **attrs} if self.partial else {**dict.fromkeys(TYPED_NAMES), **attrs}
        try:
            CostInputs(**amounts).clean()
        except ValidationError as error:
            raise serializers.ValidationError(error.message_dict) from None
        return amounts

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := data.keys() - set(TYPED_NAMES)):
            raise serializers.ValidationError({name: ["There is no such input."] for name in unknown})
        return super().to_internal_value(data)


def _shape(field: "models.DecimalField[Any, Any]") -> dict[str, Any]:
    """What a body may say of an amount, for OpenAPI."""
    n_whole, n_decimals = field.max_digits - field.decimal_places, field.decimal_places
    limits = [validator.limit_value for validator in field.validators if isinstance(validator, MaxValueValidator)]
    most = min(limits, default=10**n_whole - 1)
    written = f"^[0-9]{{1,{len(str(most)) - 1 if limits else n_whole}}}(\\.[0-9]{{1,{n_decimals}}})?$"
    return {
        "oneOf": [{"type": "string", "pattern": written}, {"type": "integer", "minimum": 0, "maximum": most}],
        "nullable": True,
    }


BODY = {
    "application/json": {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            name: _shape(cast("models.DecimalField[Any, Any]", CostInputs._meta.get_field(name)))
            for name in TYPED_NAMES
        },
    }
}


class CostSerializer(serializers.Serializer[Any]):
    key = serializers.ChoiceField(choices=list(TYPED_NAMES))
    value = serializers.DecimalField(max_digits=16, decimal_places=4)
    source = serializers.ChoiceField(  # type: ignore[assignment]
        choices=[Source.TYPED.value, Source.DEFAULT.value], help_text="A measured cost of the agent is in /roi/."
    )
    typed_by = serializers.CharField(allow_null=True)
    typed_at = serializers.DateTimeField(allow_null=True)


class RoiInputsSerializer(serializers.Serializer[Any]):
    currency = serializers.CharField()
    inputs = CostSerializer(many=True)


EXAMPLE = OpenApiExample(
    "A wage and the minutes", value={"hourly_cost": "31.50", "minutes_per_conversation": "7"}, request_only=True
)


class RoiInputsView(MerchantApiView):
    @property
    def scope(self) -> Scope:  # type: ignore[override]
        """On the page only owners change them, so a reviewer's key does not."""
        return Scope.SETTINGS if self.request.method in ("PUT", "PATCH") else Scope.READ

    @extend_schema(
        operation_id="roi_inputs_read",
        tags=["roi"],
        summary="Inputs of the return on investment with their source",
        responses=RoiInputsSerializer,
    )
    def get(self, request: Request) -> Response:
        return self._answer()

    @extend_schema(
        operation_id="roi_inputs_put",
        tags=["roi"],
        summary="Type all inputs; those left out go back to their default",
        request=BODY,
        responses=RoiInputsSerializer,
        examples=[EXAMPLE],
    )
    def put(self, request: Request) -> Response:
        return self._change(request, is_partial=False)

    @extend_schema(
        operation_id="roi_inputs_patch",
        tags=["roi"],
        summary="Type some inputs; null takes one back to its default",
        request=BODY,
        responses=RoiInputsSerializer,
        examples=[EXAMPLE],
    )
    def patch(self, request: Request) -> Response:
        return self._change(request, is_partial=True)

    def _change(self, request: Request, *, is_partial: bool) -> Response:
        if request.stream is None:  # a PUT of nothing would take every input back to its default
            raise exceptions.ParseError("Send a JSON object; {} is one.")
        saved = CostInputs.of(self.merchant).amounts
        typed = TypedSerializer(data=request.data, partial=is_partial, context={"saved": saved})
        typed.is_valid(raise_exception=True)
        CostInputs.change(self.merchant, typed.validated_data, by=None, via=cast(ApiKey, request.auth), at=self.now)
        return self._answer()

    def _answer(self) -> Response:
        saved, costs = CostInputs.of(self.merchant), CostInputs.costs_of(self.merchant)
        rows = []
        for name in TYPED_NAMES:
            cost: Cost = getattr(costs, name)
            typing = saved.find_typing(name)
            rows.append(
                {
                    "key": name,
                    "value": cost.value.quantize(FINEST),
                    "source": cost.source.value,
                    "typed_by": typing.by if typing else None,
                    "typed_at": typing.at if typing else None,
                }
            )
        return Response(RoiInputsSerializer({"currency": self.merchant.currency, "inputs": rows}).data)
