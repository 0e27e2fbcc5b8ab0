"""What a merchant typed in about its costs. ROI and the money of a gap both read it through `CostInputs.costs_of`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from portal.costs import MINUTES_RANGE, TYPED_NAMES, Costs, build_costs
from portal.models.audit import AuditEntry
from portal.models.merchant import Merchant
from portal.models.scoped import MerchantScoped

if TYPE_CHECKING:
    from portal.models.api_key import ApiKey
    from portal.models.user import User

NOT_NEGATIVE = MinValueValidator(0)
MINUTES_PER_DAY = 1440


@dataclass(frozen=True, slots=True)
class Typing:
    """Who typed an amount, and when."""

    by: str
    at: datetime


def _minutes(name: Any) -> "models.DecimalField[Any, Any]":
    validators = [NOT_NEGATIVE, MaxValueValidator(MINUTES_PER_DAY)]
    return models.DecimalField(name, max_digits=7, decimal_places=2, null=True, blank=True, validators=validators)


def _money(name: Any, *, max_digits: int, decimal_places: int = 2) -> "models.DecimalField[Any, Any]":
    return models.DecimalField(
        name,
        max_digits=max_digits,
        decimal_places=decimal_places,
        null=True,
        blank=True,
        validators=[NOT_NEGATIVE],
    )


class CostInputs(MerchantScoped):
    """Where an amount is null, its default from portal/costs.py holds. `typed` says per amount who typed it, and when:
    {name: {"by": str, "at": ISO 8601}}."""

    merchant = models.OneToOneField(Merchant, on_delete=models.CASCADE, related_name="+", primary_key=True)
    minutes_per_conversation = _minutes(_("minutes a person needs per conversation"))
    minutes_low = _minutes(_("minutes at least"))
    minutes_high = _minutes(_("minutes at most"))
    hourly_cost = _money(_("cost of a person per hour"), max_digits=10)
    ai_cost_per_conversation = _money(_("cost of the agent per conversation"), max_digits=10, decimal_places=4)
    handoff_extra_minutes = _minutes(_("extra minutes per handoff"))
    platform_fee_per_month = _money(_("platform fee per month"), max_digits=12)
    typed = models.JSONField(default=dict, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    updated_by = models.ForeignKey("portal.User", null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        verbose_name = _("cost inputs")
        verbose_name_plural = _("cost inputs")

    def __str__(self) -> str:
        return f"Cost inputs of {self.merchant}"

    @classmethod
    def of(cls, merchant: Merchant) -> "CostInputs":
        """The saved ones, or new ones in which nothing is typed."""
        return cls.objects.for_merchant(merchant).select_related("updated_by").first() or cls(merchant=merchant)

    @classmethod
    def costs_of(cls, merchant: Merchant) -> Costs:
        return build_costs(cls.objects.for_merchant(merchant).values(*TYPED_NAMES).first() or {})

    @property
    def amounts(self) -> dict[str, Decimal | None]:
        return {name: getattr(self, name) for name in TYPED_NAMES}

    def find_typing(self, name: str) -> Typing | None:
        """Rows of before amounts had authors of their own have one for all of them."""
        if getattr(self, name) is None:
            return None
        if name in self.typed:
            return Typing(self.typed[name]["by"], datetime.fromisoformat(self.typed[name]["at"]))
        return Typing(str(self.updated_by or "system"), self.updated_at)

    def clean(self) -> None:
        """The range holds the minutes."""
        costs = build_costs(self.amounts)
        minutes, low, high = (getattr(costs, name).value for name in ("minutes_per_conversation", *MINUTES_RANGE))
        errors = {}
        if low > minutes:
            errors["minutes_low"] = _("This is more than the minutes per conversation: lower it, or leave it empty.")
        if high < minutes:
            errors["minutes_high"] = _("This is less than the minutes per conversation: raise it, or leave it empty.")
        if errors:
            raise ValidationError(errors)

    @classmethod
    @transaction.atomic
    def change(
        cls,
        merchant: Merchant,
        amounts: Mapping[str, Decimal | None],
        *,
        by: "User | None",
        at: datetime,
        via: "ApiKey | None" = None,
    ) -> dict[str, str]:
        """Saves the amounts that differ from what was typed before, with the audit entry; None goes back to the
        default. → name: "before → after" of each that changed."""
        Merchant.objects.select_for_update(no_key=True).get(
            pk=merchant.pk
        )  # two owners who save at once wait for each other
        inputs = cls.of(merchant)
        before = inputs.amounts
        changed = {name: value for name, value in amounts.items() if value != before[name]}
        if not changed:
            return {}
        for name, value in changed.items():
            setattr(inputs, name, value)
            inputs.typed.pop(name, None)
            if value is not None:
                inputs.typed[name] = {"by": str(by or via or "system"), "at": at.isoformat()}
        inputs.updated_by = by
        inputs.save()
        detail = {name: f"{_shown(before[name])} → {_shown(value)}" for name, value in changed.items()}
        AuditEntry.record(merchant, "costs.changed", by=by, on=inputs, detail=detail, via=via)
        return detail


def _shown(amount: Decimal | None) -> str:
    return "default" if amount is None else f"{amount.normalize():f}"
