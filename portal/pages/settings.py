"""Settings of one merchant: everybody may read them, owners change them."""

import zoneinfo
from typing import Any

from babel.numbers import get_currency_name, list_currencies
from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from portal.locales import LOCALES
from portal.models import AuditEntry, Merchant, Role
from portal.tenancy import MerchantRequest, merchant_page, require_role

COMMON_CURRENCIES = ("EUR", "USD", "GBP", "CHF", "SEK", "NOK", "DKK", "PLN", "CAD", "AUD", "INR", "JPY")


def list_zones() -> list[tuple[str, str]]:
    """Zones that name a place; the old aliases without one are left out."""
    names = (name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith("Etc/"))
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in sorted(names))]


def list_currency_choices() -> list[tuple[str, str]]:
    others = sorted(set(list_currencies("en")) - set(COMMON_CURRENCIES))
    return [(code, f"{code} · {get_currency_name(code, locale='en')}") for code in (*COMMON_CURRENCIES, *others)]


class SettingsForm(forms.ModelForm):  # type: ignore[type-arg]
    timezone = forms.ChoiceField(
        label=_("Time zone"), choices=list_zones, help_text=_("Days, weeks and reports begin at midnight there.")
    )
    currency = forms.ChoiceField(label=_("Currency"), choices=list_currency_choices)
    locale = forms.ChoiceField(label=_("Numbers and dates"))

    class Meta:
        model = Merchant
        fields = [
            *("name", "timezone", "currency", "locale", "chat_idle_hours", "email_idle_hours", "recontact_days"),
            *("redacts_cards", "redacts_emails", "redacts_phones", "monthly_llm_budget"),
        ]
        labels = {
            "chat_idle_hours": _("A chat ends after"),
            "email_idle_hours": _("An email conversation ends after"),
            "recontact_days": _("A resolution counts as verified after"),
            "redacts_cards": _("Card numbers"),
            "redacts_emails": _("Email addresses"),
            "redacts_phones": _("Phone numbers"),
            "monthly_llm_budget": _("Monthly budget (USD)"),
        }
        help_texts = {
            "chat_idle_hours": _("Hours without a message, 1 to 720."),
            "email_idle_hours": _("Hours without a message, 1 to 720."),
            "recontact_days": _("Days in which the same customer did not come back, 1 to 60."),
            "monthly_llm_budget": _("Calls of the language model stop for the month when it is used up."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["monthly_llm_budget"] = forms.DecimalField(
            label=self.fields["monthly_llm_budget"].label,
            help_text=self.fields["monthly_llm_budget"].help_text,
            min_value=0,
            max_digits=10,
            decimal_places=2,
        )
        current = self.instance.locale
        known = {code for code, _name in LOCALES}
        locale_field: Any = self.fields["locale"]
        locale_field.choices = [*LOCALES, *([] if current in known else [(current, current)])]
        for name, highest in (("chat_idle_hours", 720), ("email_idle_hours", 720), ("recontact_days", 60)):
            number = forms.IntegerField(
                label=self.fields[name].label, help_text=self.fields[name].help_text, min_value=1, max_value=highest
            )
            self.fields[name] = number

    def describe_changes(self) -> dict[str, str]:
        """Field → "before → after" of what was changed, for the audit trail."""
        return {
            name: f"{self.initial[name]} → {self.cleaned_data[name]}"
            for name in self.changed_data
            if str(self.initial[name]) != str(self.cleaned_data[name])
        }


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page()
def settings(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    is_owner = request.membership.role >= Role.OWNER
    if request.method != "POST":
        form = SettingsForm(instance=merchant)
        if not is_owner:
            for field in form.fields.values():
                field.disabled = True
        return render(request, "portal/settings.html", {"form": form, "is_owner": is_owner})
    require_role(request, Role.OWNER)
    form = SettingsForm(request.POST, instance=Merchant.objects.get(pk=merchant.pk))
    if not form.is_valid():
        return render(request, "portal/settings.html", {"form": form, "is_owner": True}, status=422)
    if changes := form.describe_changes():
        with transaction.atomic():
            saved = form.save()
            AuditEntry.record(saved, "merchant.settings_changed", by=request.user, on=saved, detail=changes)
        messages.success(request, _("Your settings were saved."))
    else:
        messages.info(request, _("Nothing was changed."))
    return redirect("settings", slug=merchant.slug)
