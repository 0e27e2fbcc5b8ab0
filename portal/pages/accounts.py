"""Signing in and out, the password, and where somebody lands after it."""

import math
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm, PasswordResetForm
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from portal.models import Membership, User
from portal.sign_in import count_reset, find_wait
from portal.tasks import send_password_mail


class SignInForm(AuthenticationForm):
    error_messages = {
        "invalid_login": _("This email and password do not belong together. Check both, or choose a new password."),
        "inactive": _("This account was switched off. Ask an owner of your merchant."),
    }

    def __init__(self, request: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.fields["username"].label = _("Email")
        self.fields["username"].widget.attrs.update(type="email", autocomplete="username")

    def clean(self) -> dict[str, Any]:
        wait = find_wait(self.request, self.cleaned_data.get("username", "")) if self.request else None
        if wait:
            minutes = math.ceil(wait.total_seconds() / 60)
            text = ngettext(
                "Too many tries. Wait %(n)d minute, then try again.",
                "Too many tries. Wait %(n)d minutes, then try again.",
                minutes,
            )
            raise ValidationError(text % {"n": minutes}, code="too_many")
        return super().clean()


class SignIn(auth_views.LoginView):
    template_name = "portal/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True


class PasswordResets(auth_views.PasswordResetView):
    """Says the same whether the address is known or not."""

    template_name = "portal/password_resets.html"
    form_class = PasswordResetForm
    success_url = reverse_lazy("password_reset_sent")

    def form_valid(self, form: Any) -> HttpResponse:
        email = form.cleaned_data["email"]
        user = User.objects.filter(email=email.lower(), is_active=True).first()
        if count_reset(self.request, email) and user:
            transaction.on_commit(lambda: send_password_mail.delay(user.pk), robust=True)
        return HttpResponseRedirect(str(self.success_url))


class PasswordChoice(auth_views.PasswordResetConfirmView):
    template_name = "portal/password_choice.html"
    success_url = reverse_lazy("home")
    post_reset_login = True
    post_reset_login_backend = "portal.sign_in.LimitedBackend"


class AccountForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ["name"]


@login_required
def account(request: HttpRequest) -> HttpResponse:
    """Name and password; the button that was pressed says which of the two forms was sent."""
    user: User = request.user  # type: ignore[assignment]
    sent = request.POST if request.method == "POST" else None
    is_password = sent is not None and "old_password" in sent
    form = AccountForm(None if is_password else sent, instance=user)
    password_form = PasswordChangeForm(user, sent if is_password else None)
    if sent is not None:
        chosen = password_form if is_password else form
        if chosen.is_valid():
            chosen.save()
            if is_password:
                update_session_auth_hash(request, user)
            messages.success(request, _("Your password was changed.") if is_password else _("Your name was saved."))
            return redirect("account")
    status = 200 if sent is None else 422
    return render(request, "portal/account.html", {"form": form, "password_form": password_form}, status=status)


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    memberships = list(Membership.objects.filter(user=user).select_related("merchant").order_by("merchant__name"))
    if len(memberships) == 1:
        return redirect("overview", slug=memberships[0].merchant.slug)
    return render(request, "portal/home.html", {"memberships": memberships})
