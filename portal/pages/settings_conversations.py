"""When a conversation is over, and when its resolution is believed."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from portal.models import Merchant
from portal.pages.merchant_settings import MerchantForm, show_settings
from portal.tenancy import MerchantRequest, merchant_page

LONGEST = {"chat_idle_hours": 720, "email_idle_hours": 720, "recontact_days": 60}


class ConversationsForm(MerchantForm):
    class Meta:
        model = Merchant
        fields = list(LONGEST)
        labels = {
            "chat_idle_hours": _("A chat ends after"),
            "email_idle_hours": _("An email conversation ends after"),
            "recontact_days": _("A resolution counts as verified after"),
        }
        help_texts = {
            "chat_idle_hours": _(
                "Hours without a message, 1 to 720. Also for WhatsApp, SMS, voice and the API; 24 is usual."
            ),
            "email_idle_hours": _("Hours without a message, 1 to 720. People answer emails later; 72 is usual."),
            "recontact_days": _(
                "Days without the same customer coming back, 1 to 60. Longer is surer, and known later; 7 is usual."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, longest in LONGEST.items():
            given = self.fields[name]
            self.fields[name] = forms.IntegerField(
                label=given.label, help_text=given.help_text, min_value=1, max_value=longest
            )


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page()
def settings_conversations(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    return show_settings(request, merchant, ConversationsForm, "portal/settings_conversations.html")
