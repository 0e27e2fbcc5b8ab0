"""What is taken out of messages before they are stored, with a text to try it on."""

from collections.abc import Callable

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from portal.models import Merchant, Role
from portal.pages.merchant_settings import MerchantForm, show_settings
from portal.tenancy import MerchantRequest, merchant_page


class PrivacyForm(MerchantForm):
    class Meta:
        model = Merchant
        fields = ["redacts_cards", "redacts_emails", "redacts_phones"]
        labels = {
            "redacts_cards": gettext_lazy("Card numbers"),
            "redacts_emails": gettext_lazy("Email addresses"),
            "redacts_phones": gettext_lazy("Phone numbers"),
        }
        help_texts = {
            "redacts_cards": gettext_lazy(
                "13 to 19 digits that pass the check sum of payment cards; an order number stays."
            ),
            "redacts_emails": gettext_lazy("Also where they serve as a customer's id, which becomes a pseudonym."),
            "redacts_phones": gettext_lazy("International ones, and national ones with an area code."),
        }


class TrialForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("A message to try it on"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Neither stored nor sent anywhere."),
    )


def try_redaction(text: str, chosen: dict[str, bool]) -> str:
    """What would be stored of it. The settings name who redacts, as it lives in a room above."""
    make_redactor: Callable[..., Callable[[str], str]] = import_string(settings.REDACTOR)
    redactor = make_redactor(**{name.removeprefix("redacts_"): is_on for name, is_on in chosen.items()})
    return redactor(text)


def read_chosen(merchant: Merchant) -> dict[str, bool]:
    return {name: getattr(merchant, name) for name in PrivacyForm.Meta.fields}


def sample_text() -> str:
    return _(
        "My card 4242 4242 4242 4242 was charged twice for order 48213. Call +49 30 1234567 or mail kim@post.example."
    )


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page()
def settings_privacy(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    context = {
        "trial": TrialForm(initial={"text": sample_text()}),
        "stored": try_redaction(sample_text(), read_chosen(merchant)),
        "retention_days": settings.EVENT_RETENTION_DAYS,
    }
    return show_settings(request, merchant, PrivacyForm, "portal/settings_privacy.html", **context)


@require_POST
@merchant_page()
def redaction_trials(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    """What the boxes as they are ticked now would make of the text; saves nothing. For htmx only the result."""
    trial = TrialForm(request.POST)
    is_owner = request.membership.role >= Role.OWNER
    # The boxes of those who may not change them are not sent.
    chosen = {name: name in request.POST for name in PrivacyForm.Meta.fields} if is_owner else read_chosen(merchant)
    stored = try_redaction(trial.cleaned_data["text"], chosen) if trial.is_valid() else ""
    context = {"trial": trial, "stored": stored, "is_owner": is_owner}
    if request.htmx:
        return render(request, "portal/_redaction_result.html", context)
    context["retention_days"] = settings.EVENT_RETENTION_DAYS
    context["form"] = form = PrivacyForm(instance=merchant, initial=chosen)
    for field in form.fields.values():
        field.disabled = not is_owner
    return render(request, "portal/settings_privacy.html", context, status=422 if trial.errors else 200)
