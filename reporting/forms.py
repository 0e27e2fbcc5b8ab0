"""The inputs of the return on investment, typed in the merchant's currency and locale."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.costs import DEFAULTS, MINUTES_RANGE, SPREAD, TYPED_NAMES
from portal.models import CostInputs
from portal.models.cost_inputs import MINUTES_PER_DAY
from portal.templatetags.formats import MINUS, number, percent
from reporting.amounts import AmountError, read_amount, write_amount

MINUTES = ("minutes_per_conversation", "minutes_low", "minutes_high", "handoff_extra_minutes")


class AmountField(forms.Field):
    """Says what is wrong, with the amount that was typed and how to write it instead."""

    widget = forms.TextInput

    def __init__(self, *, currency: str, decimals: int, most: int, most_decimals: int, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)
        self.currency = currency
        self.decimals = decimals
        self.most = most
        self.most_decimals = most_decimals
        self.widget.attrs.update({"inputmode": "decimal", "autocomplete": "off", "size": 10})

    def to_python(self, value: Any) -> Decimal | None:
        if isinstance(value, Decimal):
            return value
        text = str(value or "").strip()
        if not text:
            return None
        try:
            amount = read_amount(text, self.currency)
        except AmountError as error:
            example = write_amount(Decimal("12.5"), self.decimals)
            message = _("“%(text)s” is not a number. Write it like %(example)s.")
            raise ValidationError(message, params={"text": text[:40], "example": example}) from error
        return self._in_bounds(amount)

    def _in_bounds(self, amount: Decimal) -> Decimal:
        most, places = self.most, self.most_decimals
        if amount < 0:
            message = _("%(amount)s is below zero. Type 0 or more.")
            raise ValidationError(message, params={"amount": write_amount(amount, 0)})
        if amount > most:
            message = _("%(amount)s is too much. Type %(most)s at most.")
            raise ValidationError(message, params={"amount": number(amount), "most": number(most)})
        if amount != round(amount, places):
            message = _("%(amount)s has too many decimals. Round it to %(places)s.")
            raise ValidationError(
                message, params={"amount": str(amount), "places": write_amount(round(amount, places), 0)}
            )
        return amount

    def prepare_value(self, value: Any) -> Any:
        return write_amount(value, self.decimals) if isinstance(value, Decimal) else value


class CostInputsForm(forms.ModelForm):  # type: ignore[type-arg]
    """An empty field means its default, which stands in the field as a placeholder."""

    class Meta:
        model = CostInputs
        fields = TYPED_NAMES
        labels = {
            "minutes_per_conversation": gettext_lazy("Minutes a person needs per conversation"),
            "minutes_low": gettext_lazy("At least"),
            "minutes_high": gettext_lazy("At most"),
            "hourly_cost": gettext_lazy("Cost of a person per hour"),
            "ai_cost_per_conversation": gettext_lazy("Cost of the agent per conversation"),
            "handoff_extra_minutes": gettext_lazy("Extra minutes a handoff costs a person"),
            "platform_fee_per_month": gettext_lazy("Platform fee per month"),
        }

    def __init__(self, data: Mapping[str, Any] | None, *, instance: CostInputs) -> None:
        super().__init__(data, instance=instance)
        currency = instance.merchant.currency
        for name in TYPED_NAMES:
            column: Any = CostInputs._meta.get_field(name)
            self.fields[name] = AmountField(
                label=self.fields[name].label,
                currency=currency,
                decimals=0 if name in MINUTES else get_currency_precision(currency),
                most=MINUTES_PER_DAY if name in MINUTES else 10 ** (column.max_digits - column.decimal_places) - 1,
                most_decimals=column.decimal_places,
            )
        for name, field in self.fields.items():
            field.widget.attrs["placeholder"] = self.placeholder(name)
            field.widget.attrs["aria-describedby"] = f"about_{name}"

    def placeholder(self, name: str) -> str:
        """What holds where the field stays empty."""
        field: Any = self.fields[name]
        if name in MINUTES_RANGE:
            return f"{MINUS if name == 'minutes_low' else '+'}{percent(SPREAD, 0)}"
        return write_amount(DEFAULTS[name], field.decimals)

    def texts(self, amounts: Mapping[str, Decimal | None]) -> dict[str, str]:
        """The amounts as they would be typed; what is not typed is empty."""
        return {
            name: "" if amount is None else str(self.fields[name].prepare_value(amount))
            for name, amount in amounts.items()
        }
