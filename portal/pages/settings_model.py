"""What calls of the language model may cost in a month, and what they did."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from portal import llm
from portal.models import Merchant
from portal.pages.merchant_settings import MerchantForm, show_settings
from portal.tenancy import MerchantRequest, merchant_page


class ModelForm(MerchantForm):
    monthly_llm_budget = forms.DecimalField(
        label=_("Monthly budget (USD)"),
        min_value=0,
        max_digits=10,
        decimal_places=2,
        help_text=_("Calls stop for the month when it is used up. 0 stops them at once."),
    )

    judged_share = forms.IntegerField(
        label=_("Share of conversations that the model scores (%)"),
        min_value=0,
        max_value=100,
        help_text=_(
            "A random sample. The local scorer scores the others, and all of them when the budget is used up. "
            "Drafts and names of topics are paid from the same budget."
        ),
    )

    class Meta:
        model = Merchant
        fields = ["monthly_llm_budget", "judged_share"]


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page()
def settings_model(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    context: dict[str, Any] = {"is_configured": llm.is_configured(), "spent": llm.spent_this_month(merchant)}
    return show_settings(request, merchant, ModelForm, "portal/settings_model.html", **context)
