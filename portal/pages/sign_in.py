"""The one door: email and password, then the code for those who use one. The admin sends its people here too."""

import math
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth import views as auth_views
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from portal import second_step
from portal.account_changes import AccountChange, announce
from portal.sign_in import find_wait


def say_wait(wait: timedelta) -> str:
    minutes = math.ceil(wait.total_seconds() / 60)
    text = ngettext(
        "Too many tries. Wait %(n)d minute, then try again.",
        "Too many tries. Wait %(n)d minutes, then try again.",
        minutes,
    )
    return text % {"n": minutes}


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
        if self.request and (wait := find_wait(self.request, self.cleaned_data.get("username", ""))):
            raise ValidationError(say_wait(wait), code="too_many")
        return super().clean()


class SignIn(auth_views.LoginView):
    template_name = "portal/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get_initial(self) -> dict[str, Any]:
        """An invitation knows the address already."""
        return {"username": self.request.GET.get("email", "")}

    def form_valid(self, form: Any) -> HttpResponse:
        url = second_step.enter(self.request, form.get_user(), next_url=self.get_success_url(), now=timezone.now())
        return HttpResponseRedirect(url)


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}),
        help_text=_("Six digits, from the authenticator app on your phone."),
    )


class RecoveryForm(forms.Form):
    code = forms.CharField(
        label=_("Recovery code"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "off", "autofocus": True}),
        help_text=_("One of the ten that you kept when you set this up. Each is good once."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def sign_in_code(request: HttpRequest) -> HttpResponse:
    """Either field takes either kind of code; `?with=recovery` only shows the other one."""
    now = timezone.now()
    waiting = second_step.find_waiting(request, now=now)
    if waiting is None:
        return redirect("login")
    is_recovery = request.GET.get("with") == "recovery"
    form = (RecoveryForm if is_recovery else CodeForm)(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if wait := second_step.find_wait(waiting.user, now=now):
            form.add_error(None, say_wait(wait))
        elif kind := second_step.check_code(waiting.user, form.cleaned_data["code"], at=now):
            if kind is second_step.Code.RECOVERY:
                announce(request, waiting.user, AccountChange.RECOVERY_CODE_USED, at=now)
            return redirect(second_step.finish(request, waiting))
        else:
            form.add_error("code", _("This code is not right, was used before, or has run out. Take the next one."))
            if second_step.find_wait(waiting.user, now=now):
                announce(request, waiting.user, AccountChange.CODES_REFUSED, at=now)
    status = 422 if form.errors else 200
    return render(request, "portal/sign_in_code.html", {"form": form, "is_recovery": is_recovery}, status=status)


def admin_sign_in(request: HttpRequest) -> HttpResponse:
    """In place of the admin's own page, which would let people in without their code."""
    wanted = request.GET.get(REDIRECT_FIELD_NAME, "")
    if not url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}):
        wanted = reverse("admin:index")
    if not request.user.is_authenticated:
        return redirect_to_login(wanted)
    if not request.user.is_staff:
        raise PermissionDenied  # sending them to sign in would send them back here
    return redirect(wanted)
