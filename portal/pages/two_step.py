"""Turning the second step of signing in on and off, and its recovery codes."""

from urllib.parse import quote

import segno
from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from portal.account_changes import AccountChange, announce
from portal.models import Authenticator, RecoveryCode, User
from portal.pages.own_password import OwnPasswordForm
from portal.sessions import end_sessions


class FirstCodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        max_length=12,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
        help_text=_("The six digits that the app shows now."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def two_step(request: HttpRequest) -> HttpResponse:
    """What it is, and whether it is on. POST, with the password, begins the setup."""
    user: User = request.user  # type: ignore[assignment]
    form = OwnPasswordForm(request, request.POST or None)
    active = Authenticator.find_active(user)
    if request.method == "POST" and active is None and form.is_valid():
        Authenticator.start(user, at=timezone.now())
        return redirect("two_step_setup")
    context = {"form": form, "authenticator": active, "n_codes_left": RecoveryCode.count_left(user)}
    return render(request, "portal/two_step.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def two_step_setup(request: HttpRequest) -> HttpResponse:
    """The QR code until the app's first code was typed; then, once, the recovery codes."""
    user, now = request.user, timezone.now()
    authenticator = Authenticator.find_in_setup(user, now=now)  # type: ignore[arg-type]
    if authenticator is None:
        return redirect("two_step")
    form = FirstCodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        codes = authenticator.confirm(form.cleaned_data["code"], at=now)
        if codes is not None:
            end_sessions(user, but=request.session.session_key)  # type: ignore[arg-type]
            announce(request, user, AccountChange.TWO_STEP_ON, at=now)  # type: ignore[arg-type]
            return show_codes(request, codes, is_first=True)
        form.add_error(
            "code", _("This is not the code of now. Wait for the next one; the phone's clock must be right.")
        )
    secret = authenticator.read_secret()
    context = {
        "form": form,
        "picture": segno.make(authenticator.address(), error="m").svg_data_uri(scale=5, border=3, light="#fff"),
        "address": authenticator.address(),
        "secret": " ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
    }
    return render(request, "portal/two_step_setup.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """New ones, for the password; those of before are good no longer."""
    user: User = request.user  # type: ignore[assignment]
    if Authenticator.find_active(user) is None:
        return redirect("two_step")
    form = OwnPasswordForm(request, request.POST or None)
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        codes = RecoveryCode.replace(user, at=now)
        announce(request, user, AccountChange.RECOVERY_CODES_REPLACED, at=now)
        return show_codes(request, codes, is_first=False)
    context = {"form": form, "n_codes_left": RecoveryCode.count_left(user)}
    return render(request, "portal/recovery_codes.html", context, status=422 if form.errors else 200)


def show_codes(request: HttpRequest, codes: list[str], *, is_first: bool) -> HttpResponse:
    """Answers a POST without a redirect: the codes stand here and are stored nowhere."""
    text = "\n".join([_("Recovery codes of %(email)s for Aftercare") % {"email": request.user.email}, "", *codes, ""])  # type: ignore[union-attr]
    context = {"codes": codes, "download": f"data:text/plain;charset=utf-8,{quote(text)}", "is_first": is_first}
    return render(request, "portal/recovery_codes_shown.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def two_step_removal(request: HttpRequest) -> HttpResponse:
    user: User = request.user  # type: ignore[assignment]
    authenticator = Authenticator.find_active(user)
    if authenticator is None:
        return redirect("two_step")
    form = OwnPasswordForm(request, request.POST or None)
    if request.method == "POST" and form.is_valid():
        authenticator.remove(by=user)
        announce(request, user, AccountChange.TWO_STEP_OFF, at=timezone.now())
        messages.success(request, _("Two-step sign-in is off. Your password alone signs you in."))
        return redirect("account")
    return render(request, "portal/two_step_removal.html", {"form": form}, status=422 if form.errors else 200)
