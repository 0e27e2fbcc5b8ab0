from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.costs import DEFAULTS
from portal.models import CostInputs


class CostInputsForm(forms.ModelForm):  # type: ignore[type-arg]
    """An empty field means its default, which stands in the field as a placeholder."""

    class Meta:
        model = CostInputs
        fields = tuple(DEFAULTS)
        labels = {
            "minutes_per_conversation": _("Minutes a person needs per conversation"),
            "hourly_cost": _("Cost of a person per hour"),
            "ai_cost_per_conversation": _("Cost of the agent per conversation"),
            "handoff_extra_minutes": _("Extra minutes a handoff costs a person"),
            "platform_fee_per_month": _("Platform fee per month"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.required = False
            field.widget.attrs.update({"placeholder": str(DEFAULTS[name]), "inputmode": "decimal", "min": "0"})
