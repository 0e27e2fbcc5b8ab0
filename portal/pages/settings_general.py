"""The name of a merchant, and how time, money and numbers are written."""

import zoneinfo
from typing import Any

from babel.numbers import get_currency_name, list_currencies
from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from portal.locales import LOCALES
from portal.models import Merchant
from portal.navigation import list_elsewhere
from portal.pages.merchant_settings import MerchantForm, show_settings
from portal.tenancy import MerchantRequest, merchant_page

COMMON_CURRENCIES = ("EUR", "USD", "GBP", "CHF", "SEK", "NOK", "DKK", "PLN", "CAD", "AUD", "INR", "JPY")


def list_zones() -> list[tuple[str, str]]:
    """Zones that name a place; the old aliases without one are left out."""
    names = (name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith("Etc/"))
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in sorted(names))]


def list_currency_choices() -> list[tuple[str, str]]:
    others = sorted(set(list_currencies("en")) - set(COMMON_CURRENCIES))
    return [(code, f"{code} · {get_currency_name(code, locale='en')}") for code in (*COMMON_CURRENCIES, *others)]


class GeneralForm(MerchantForm):
    timezone = forms.ChoiceField(
        label=_("Time zone"),
        choices=list_zones,
        help_text=_("Days, weeks and reports begin at midnight there. A change counts all numbers anew."),
    )
    currency = forms.ChoiceField(
        label=_("Currency"),
        choices=list_currency_choices,
        help_text=_("Amounts that were typed or sent before keep their number; nothing is converted."),
    )
    locale = forms.ChoiceField(label=_("Language, numbers and dates"))

    class Meta:
        model = Merchant
        fields = ["name", "timezone", "currency", "locale"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        current = self.instance.locale
        known = {code for code, _name in LOCALES}
        locale_field: Any = self.fields["locale"]
        locale_field.choices = [*LOCALES, *([] if current in known else [(current, current)])]


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page()
def settings(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    elsewhere = list_elsewhere(merchant, request.user)
    return show_settings(request, merchant, GeneralForm, "portal/settings.html", elsewhere=elsewhere)
