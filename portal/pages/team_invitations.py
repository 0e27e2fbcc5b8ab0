"""Inviting people into a team, reminding them, and withdrawing an invitation."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from portal.models import ClosedInvitationError, Invitation, InvitationState, Membership, Merchant, Role
from portal.models.attempt import Attempt, Limit
from portal.pages.confirmation import ask, is_confirmed
from portal.tasks import send_invitation_mail
from portal.tenancy import MerchantRequest, merchant_page

# Nobody's mailbox is to be filled from here, nor our sender's name worn out.
BY_MERCHANT = Limit("invitation", n=40, window=timedelta(hours=1))
BY_ADDRESS = Limit("invitation_to", n=4, window=timedelta(hours=1))
TOO_MANY = _("So many invitations were sent in the last hour that this one has to wait. Try again later.")
CLOSED = _("This invitation was accepted or withdrawn meanwhile.")


class InvitationForm(forms.Form):
    email = forms.EmailField(label=_("Email"), widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    role = forms.TypedChoiceField(label=_("Role"), choices=Role.choices, coerce=lambda value: Role(int(value)))

    def __init__(self, merchant: Merchant, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.merchant = merchant

    def clean_email(self) -> str:
        email, now = self.cleaned_data["email"].lower(), timezone.now()
        if Membership.objects.filter(merchant=self.merchant, user__email=email).exists():
            raise forms.ValidationError(
                _("%(email)s is a member already; change the role in the list."), params={"email": email}
            )
        found = Invitation.waiting(self.merchant).filter(email=email).first()
        if found and found.state(now) is InvitationState.OPEN:
            raise forms.ValidationError(
                _("%(email)s is invited already; send it again, or withdraw it to choose another role."),
                params={"email": email},
            )
        if not may_send(self.merchant, email):
            raise forms.ValidationError(TOO_MANY)
        return str(email)


def may_send(merchant: Merchant, email: str) -> bool:
    now = timezone.now()
    return not (
        Attempt.find_wait(BY_MERCHANT, str(merchant.pk), now=now) or Attempt.find_wait(BY_ADDRESS, email, now=now)
    )


def send_invitation(request: MerchantRequest, merchant: Merchant, form: InvitationForm) -> None:
    email, role, now = form.cleaned_data["email"], form.cleaned_data["role"], timezone.now()
    _mail(Invitation.create(merchant, email, role, by=request.user, at=now))
    messages.success(request, _("%(email)s is invited. The mail is on its way.") % {"email": email})


def _mail(invitation: Invitation) -> None:
    now = timezone.now()
    Attempt.record(BY_MERCHANT, str(invitation.merchant_id), at=now)
    Attempt.record(BY_ADDRESS, invitation.email, at=now)
    transaction.on_commit(lambda: send_invitation_mail.delay(invitation.pk), robust=True)


def _find(merchant: Merchant, invitation_id: int) -> Invitation:
    return get_object_or_404(Invitation.objects.for_merchant(merchant), pk=invitation_id)


@require_POST
@merchant_page(role=Role.OWNER)
def invitation_reminders(request: MerchantRequest, merchant: Merchant, invitation_id: int) -> HttpResponse:
    """Sends it again, good for a week from now on."""
    found = _find(merchant, invitation_id)
    if not may_send(merchant, found.email):
        messages.error(request, TOO_MANY)
        return redirect("team", slug=merchant.slug)
    try:
        found.renew(by=request.user, at=timezone.now())
    except ClosedInvitationError:
        messages.info(request, CLOSED)
    else:
        _mail(found)
        text = _("A new mail to %(email)s is on its way. The link in the one before no longer works.")
        messages.success(request, text % {"email": found.email})
    return redirect("team", slug=merchant.slug)


@require_POST
@merchant_page(role=Role.OWNER)
def invitation_withdrawals(request: MerchantRequest, merchant: Merchant, invitation_id: int) -> HttpResponse:
    found = _find(merchant, invitation_id)
    if not is_confirmed(request):
        return ask(
            request,
            question=_("Withdraw the invitation of %(email)s?") % {"email": found.email},
            text=_("The link in the mail stops working. You can invite them again later."),
            label=_("Withdraw"),
            back=reverse("team", kwargs={"slug": merchant.slug}),
        )
    try:
        found.withdraw(by=request.user, at=timezone.now())
    except ClosedInvitationError:
        messages.info(request, CLOSED)
    else:
        messages.success(request, _("The invitation of %(email)s was withdrawn.") % {"email": found.email})
    return redirect("team", slug=merchant.slug)
