"""Who belongs to a merchant, and as what."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from portal.models import Authenticator, Invitation, LastOwnerError, Membership, Merchant, Role
from portal.pages.confirmation import ask, is_confirmed
from portal.pages.team_invitations import InvitationForm, send_invitation
from portal.tenancy import MerchantRequest, merchant_page, require_role

LAST_OWNER = _("This is the last owner. Make somebody else an owner first.")


class RoleForm(forms.Form):
    role = forms.TypedChoiceField(choices=Role.choices, coerce=lambda value: Role(int(value)))


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page()
def team(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    """POST invites."""
    form, status = InvitationForm(merchant, initial={"role": Role.REVIEWER}), 200
    if request.method == "POST":
        require_role(request, Role.OWNER)
        form = InvitationForm(merchant, request.POST)
        if form.is_valid():
            send_invitation(request, merchant, form)
            return redirect("team", slug=merchant.slug)
        status = 422
    return render(request, "portal/team.html", {"form": form, **_list_team(request, merchant)}, status=status)


def _list_team(request: MerchantRequest, merchant: Merchant) -> dict[str, Any]:
    now = timezone.now()
    has_two_step = Authenticator.objects.filter(user=OuterRef("user"), confirmed_at__isnull=False)
    members = Membership.objects.filter(merchant=merchant).select_related("user", "merchant")
    waiting = Invitation.waiting(merchant).select_related("invited_by")
    return {
        "members": members.annotate(has_two_step=Exists(has_two_step)),
        "invitations": [(found, found.state(now)) for found in waiting],
        "roles": Role.choices,
        "is_owner": request.membership.role >= Role.OWNER,
    }


@require_POST
@merchant_page(role=Role.OWNER)
def member_roles(request: MerchantRequest, merchant: Merchant, member_id: int) -> HttpResponse:
    membership = get_object_or_404(Membership.objects.select_related("user"), merchant=merchant, pk=member_id)
    form = RoleForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose one of the roles in the list."))
        return redirect("team", slug=merchant.slug)
    is_own = membership.user == request.user and form.cleaned_data["role"] < Role.OWNER
    if is_own and not is_confirmed(request):
        return ask(
            request,
            question=_("Give up being an owner?"),
            text=_("Only another owner can make you one again."),
            label=_("Change my role"),
            back=reverse("team", kwargs={"slug": merchant.slug}),
        )
    try:
        membership.change_role(form.cleaned_data["role"], by=request.user)
    except LastOwnerError:
        messages.error(request, LAST_OWNER)
    else:
        text = _("%(name)s is now: %(role)s.")
        messages.success(request, text % {"name": membership.user, "role": membership.get_role_display()})
    return redirect("team", slug=merchant.slug)


@require_POST
@merchant_page(role=Role.OWNER)
def member_removals(request: MerchantRequest, merchant: Merchant, member_id: int) -> HttpResponse:
    membership = get_object_or_404(Membership.objects.select_related("user"), merchant=merchant, pk=member_id)
    names = {"name": membership.user, "merchant": merchant}
    if not is_confirmed(request):
        return ask(
            request,
            question=_("Remove %(name)s from the team?") % names,
            text=_("%(name)s loses access to %(merchant)s at once. What they did stays in the audit trail.") % names,
            label=_("Remove from the team"),
            back=reverse("team", kwargs={"slug": merchant.slug}),
        )
    return _end(request, merchant, membership)


@require_POST
@merchant_page()
def team_departures(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    """Leaving by oneself, in any role."""
    if not is_confirmed(request):
        return ask(
            request,
            question=_("Leave %(merchant)s?") % {"merchant": merchant},
            text=_("You lose access at once. An owner can invite you again."),
            label=_("Leave the team"),
            back=reverse("team", kwargs={"slug": merchant.slug}),
        )
    return _end(request, merchant, request.membership)


def _end(request: MerchantRequest, merchant: Merchant, membership: Membership) -> HttpResponse:
    try:
        membership.end(by=request.user)
    except LastOwnerError:
        messages.error(request, LAST_OWNER)
        return redirect("team", slug=merchant.slug)
    if membership.user == request.user:
        messages.success(request, _("You left %(merchant)s.") % {"merchant": merchant})
        return redirect("home")
    messages.success(request, _("%(name)s was removed.") % {"name": membership.user})
    return redirect("team", slug=merchant.slug)
