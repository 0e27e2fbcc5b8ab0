"""What a merchant typed in about its costs. ROI and the money of a gap both read it through `CostInputs.costs_of`."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.costs import DEFAULTS, Costs, build_costs
from portal.models.merchant import Merchant
from portal.models.scoped import MerchantScoped

NOT_NEGATIVE = MinValueValidator(0)


class CostInputs(MerchantScoped):
    """Where an amount is null, its default from portal/costs.py holds."""

    merchant = models.OneToOneField(Merchant, on_delete=models.CASCADE, related_name="+", primary_key=True)
    minutes_per_conversation = models.DecimalField(
        _("minutes a person needs per conversation"),
        max_digits=7,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[NOT_NEGATIVE, MaxValueValidator(1440)],
    )
    hourly_cost = models.DecimalField(
        _("cost of a person per hour"),
        max_digits=10,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[NOT_NEGATIVE],
    )
    ai_cost_per_conversation = models.DecimalField(
        _("cost of the agent per conversation"),
        max_digits=10,
        decimal_places=4,
        null=True,
        blank=True,
        validators=[NOT_NEGATIVE],
    )
    handoff_extra_minutes = models.DecimalField(
        _("extra minutes per handoff"),
        max_digits=7,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[NOT_NEGATIVE, MaxValueValidator(1440)],
    )
    platform_fee_per_month = models.DecimalField(
        _("platform fee per month"), max_digits=12, decimal_places=2, null=True, blank=True, validators=[NOT_NEGATIVE]
    )
    updated_at = models.DateTimeField(auto_now=True)
    updated_by = models.ForeignKey("portal.User", null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        verbose_name = _("cost inputs")
        verbose_name_plural = _("cost inputs")

    def __str__(self) -> str:
        return f"Cost inputs of {self.merchant}"

    @classmethod
    def costs_of(cls, merchant: Merchant) -> Costs:
        return build_costs(cls.objects.for_merchant(merchant).values(*DEFAULTS).first() or {})
