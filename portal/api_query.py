"""What a GET may ask: the query parameters of an operation, once, for reading them and for OpenAPI.

What is wrong is refused with the parameter's name and what to write instead; so is a parameter that does not exist,
because a filter that was misspelt and left out would answer with another number.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any, NoReturn

import msgspec
from django.http import QueryDict
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from portal.periods import CALENDAR_KINDS, DEFAULT_KIND, KINDS, PeriodError, parse_period

Aware = Annotated[datetime, msgspec.Meta(tz=True)]


class Choice(serializers.ChoiceField):
    """Says in its error what there is to choose from."""

    def fail(self, key: str, **kwargs: Any) -> NoReturn:
        if key == "invalid_choice":
            known = ", ".join(map(str, self.choices))
            raise serializers.ValidationError(f"“{kwargs['input']}” is not known. Use one of {known}.")
        super().fail(key, **kwargs)


class Text(serializers.CharField):
    """In a body: a text, and not a number that looks like one."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


@extend_schema_field(OpenApiTypes.DATETIME)
class Moment(serializers.Field[datetime, str, str, Any]):
    """RFC 3339, with its zone."""

    def to_internal_value(self, data: str) -> datetime:
        try:
            return msgspec.convert(data, Aware).astimezone(UTC)
        except (msgspec.ValidationError, OverflowError):
            hint = "Write it with the zone, such as 2026-11-23T08:30:00Z; a + in an address is written %2B."
            raise serializers.ValidationError(hint) from None


@extend_schema_field(OpenApiTypes.DATE)
class Day(serializers.CharField):
    """A date of the merchant's zone; parse_period reads it."""


class Query(serializers.Serializer[Any]):
    """Its fields are the parameters. `context` holds the merchant and `now`."""

    @classmethod
    def read(cls, asked: QueryDict, *, context: dict[str, Any]) -> dict[str, Any]:
        """Raises serializers.ValidationError."""
        query = cls(data=asked, context=context)
        fields = query.fields
        errors = {name: [_unknown(fields)] for name in asked if name not in fields}
        lists = {name for name, field in fields.items() if isinstance(field, serializers.ListField)}
        errors |= {
            name: ["Given more than once."] for name, values in asked.lists() if name not in lists and len(values) > 1
        }
        if errors:
            raise serializers.ValidationError(errors)
        # A plain dict: DRF takes an empty value of a form for an absent one, and an address is no form.
        query.initial_data = {name: asked.getlist(name) if name in lists else asked[name] for name in asked}
        query.is_valid(raise_exception=True)
        return dict(query.validated_data)


def _unknown(names: Iterable[str]) -> str:
    known = ", ".join(names)
    return f"There is no such parameter here. Use {known}." if known else "There are no parameters here."


class PeriodQuery(Query):
    """Leads to `window`: a portal.periods.Period, or None where a period may be left out and is."""

    is_period_required = True

    period = Choice(KINDS, required=False, help_text=f"Default: {DEFAULT_KIND}, or custom where `from` is given.")
    on = Day(
        required=False,
        help_text=f"With {', '.join(CALENDAR_KINDS)}: the one that this day is in, instead of the running one.",
    )

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        first = Day(required=False, help_text="First day of a custom period.")
        last = Day(required=False, help_text="Last day of a custom period. Default: today.")
        fields = super().get_fields()
        return {"period": fields.pop("period"), "on": fields.pop("on"), "from": first, "to": last, **fields}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        asked: dict[str, str] = {name: attrs.pop(name) for name in ("period", "on", "from", "to") if name in attrs}
        if not asked and not self.is_period_required:
            return {**attrs, "window": None}
        try:
            window = parse_period(asked, zone=self.context["merchant"].zone, now=self.context["now"])
        except PeriodError as error:
            raise serializers.ValidationError({error.field: [error.message]}) from None
        return {**attrs, "window": window}
