"""The page behind an invitation's link: join as who one is, or as somebody new."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.forms import SetPasswordForm
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from portal.models import ClosedInvitationError, Invitation, InvitationState, User
from portal.sign_in import BACKEND


class NewcomerForm(SetPasswordForm):  # type: ignore[type-arg]
    """The mailbox is proven by the link, so a name and a password are all that is missing."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        help_text=_("How your team sees you."),
    )
    field_order = ["name", "new_password1", "new_password2"]

    def save(self, commit: bool = True) -> Any:
        self.user.name = self.cleaned_data["name"]
        return super().save(commit)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    found, now = Invitation.find(token), timezone.now()
    if found is None:
        return render(request, "portal/invitation_closed.html", status=404)
    with translation.override(found.merchant.locale):
        if found.state(now) is not InvitationState.OPEN:
            context = {"invitation": found, "state": found.state(now), "is_mine": request.user == found.accepted_by}
            return render(request, "portal/invitation_closed.html", context, status=410)
        user = User.objects.filter(email=found.email).first()
        if user and not user.is_active:
            return render(request, "portal/invitation_closed.html", {"invitation": found, "state": "off"}, status=403)
        if request.user.is_authenticated or (user and user.has_usable_password()):
            return join(request, found, user)
        return join_as_newcomer(request, found, user or User(email=found.email))


def join(request: HttpRequest, found: Invitation, user: User | None) -> HttpResponse:
    """Only the person with the invited address may; anybody else is told who they are signed in as."""
    if request.user != user or user is None:
        status = 403 if request.user.is_authenticated and request.method == "POST" else 200
        sign_in_url = f"{reverse('login')}?{urlencode({'next': request.path, 'email': found.email})}"
        context = {"invitation": found, "sign_in_url": sign_in_url}
        return render(request, "portal/invitation.html", context, status=status)
    if request.method == "POST":
        return accept(request, found, user)
    return render(request, "portal/invitation.html", {"invitation": found, "may_join": True})


def join_as_newcomer(request: HttpRequest, found: Invitation, user: User) -> HttpResponse:
    """Also for those who were invited to another merchant before and never chose a password."""
    form = NewcomerForm(user, request.POST or None, initial={"name": user.name})
    if request.method != "POST" or not form.is_valid():
        context = {"invitation": found, "form": form}
        return render(request, "portal/invitation.html", context, status=422 if form.errors else 200)
    return accept(request, found, user, form=form)


def accept(request: HttpRequest, found: Invitation, user: User, *, form: NewcomerForm | None = None) -> HttpResponse:
    now = timezone.now()
    try:
        with transaction.atomic():
            found.hold(now=now)  # before the user is made: of two clicks, the second finds it accepted
            if form is not None:
                form.save()
            found.accept(user, at=now)
    except ClosedInvitationError:
        return redirect("invitation", token=request.resolver_match.kwargs["token"])  # type: ignore[union-attr]
    if form is not None:
        login(request, user, backend=BACKEND)
    messages.success(request, _("Welcome to %(merchant)s.") % {"merchant": found.merchant})
    return redirect("overview", slug=found.merchant.slug)
