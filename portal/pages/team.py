"""Who belongs to a merchant, and as what."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from portal.models import LastOwnerError, Membership, Merchant, Role, User
from portal.tasks import send_invitation_mail
from portal.tenancy import MerchantRequest, merchant_page, require_role

LAST_OWNER = _("This is the last owner. Make somebody else an owner first.")


class MemberForm(forms.Form):
    email = forms.EmailField(label=_("Email"), widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    role = forms.TypedChoiceField(label=_("Role"), choices=Role.choices, coerce=lambda value: Role(int(value)))

    def __init__(self, merchant: Merchant, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.merchant = merchant

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].lower()
        if Membership.objects.filter(merchant=self.merchant, user__email=email).exists():
            raise forms.ValidationError(
                _("%(email)s is a member already; change the role in the list."), params={"email": email}
            )
        return email


class RoleForm(forms.Form):
    role = forms.TypedChoiceField(choices=Role.choices, coerce=lambda value: Role(int(value)))


@require_http_methods(["GET", "HEAD", "POST"])
@merchant_page()
def team(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    form = MemberForm(merchant, initial={"role": Role.REVIEWER})
    status = 200
    if request.method == "POST":
        require_role(request, Role.OWNER)
        form = MemberForm(merchant, request.POST)
        if form.is_valid():
            add_member(merchant, form.cleaned_data["email"], form.cleaned_data["role"], by=request.user)
            messages.success(
                request, _("%(email)s was added and gets an email.") % {"email": form.cleaned_data["email"]}
            )
            return redirect("team", slug=merchant.slug)
        status = 422
    members = Membership.objects.filter(merchant=merchant).select_related("user", "merchant")
    context = {
        "form": form,
        "members": members,
        "roles": Role.choices,
        "is_owner": request.membership.role >= Role.OWNER,
    }
    return render(request, "portal/team.html", context, status=status)


@transaction.atomic
def add_member(merchant: Merchant, email: str, role: Role, *, by: User) -> Membership:
    """A new address becomes a user without a password, who chooses one by the link in the mail."""
    user = User.objects.filter(email=email).first() or User.objects.create_user(email)
    membership = Membership.add(merchant, user, role, by=by)
    transaction.on_commit(lambda: send_invitation_mail.delay(user.pk, merchant.pk), robust=True)
    return membership


@require_POST
@merchant_page(role=Role.OWNER)
def member_roles(request: MerchantRequest, merchant: Merchant, member_id: int) -> HttpResponse:
    membership = get_object_or_404(Membership.objects.select_related("user"), merchant=merchant, pk=member_id)
    form = RoleForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose one of the roles in the list."))
        return redirect("team", slug=merchant.slug)
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
    try:
        membership.end(by=request.user)
    except LastOwnerError:
        messages.error(request, LAST_OWNER)
        return redirect("team", slug=merchant.slug)
    messages.success(request, _("%(name)s was removed.") % {"name": membership.user})
    return redirect("home") if membership.user == request.user else redirect("team", slug=merchant.slug)
