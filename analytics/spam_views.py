"""A person says that a conversation is spam, or that it is not."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from analytics.models import Conversation
from analytics.spam import SpamError, decide_spam
from portal.models import Merchant, Role
from portal.tenancy import MerchantRequest, merchant_page


class SpamForm(forms.Form):
    is_spam = forms.TypedChoiceField(choices=[("yes", "yes"), ("no", "no")], coerce=lambda value: value == "yes")
    reason = forms.CharField(required=False, max_length=200)


@require_POST
@merchant_page(role=Role.REVIEWER)
def spam_decisions(request: MerchantRequest, merchant: Merchant, conversation_id: int) -> HttpResponse:
    rows = Conversation.objects.for_merchant(merchant).select_related("merchant")
    conversation = get_object_or_404(rows, pk=conversation_id)
    form = SpamForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say whether it is spam, with a reason of at most 200 characters."))
        return redirect("conversation", merchant.slug, conversation.pk)
    try:
        decide_spam(conversation, **form.cleaned_data, by=request.user, now=timezone.now())
    except SpamError as error:
        messages.error(request, str(error.message))
    else:
        if form.cleaned_data["is_spam"]:
            messages.success(request, _("Marked as spam. It is in no rate any more; below you can take it back."))
        else:
            messages.success(request, _("Not spam. It counts again."))
    return redirect("conversation", merchant.slug, conversation.pk)
