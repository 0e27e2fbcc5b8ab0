"""Asked for again before somebody changes how they sign in: an open browser is not yet its owner."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from portal.pages.sign_in import say_wait
from portal.sign_in import find_wait, is_own_password


def check_own_password(request: HttpRequest, password: str) -> str:
    """Raises ValidationError. Wrong ones count like wrong tries to sign in."""
    if wait := find_wait(request, request.user.email):  # type: ignore[union-attr]
        raise ValidationError(say_wait(wait), code="too_many")
    if not is_own_password(request, password):
        raise ValidationError(_("This is not your password."), code="wrong")
    return password


class OwnPasswordForm(forms.Form):
    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, request: HttpRequest, *args: Any) -> None:
        super().__init__(*args)
        self.request = request

    def clean_password(self) -> str:
        return check_own_password(self.request, self.cleaned_data["password"])
