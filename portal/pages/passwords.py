"""A new password: by a mailed link for those who cannot sign in, or with the old one."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import PasswordChangeForm
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from portal import second_step
from portal.account_changes import AccountChange, announce
from portal.models import User
from portal.pages.own_password import check_own_password
from portal.sessions import end_sessions
from portal.sign_in import count_reset
from portal.tasks import send_password_mail


class PasswordResets(auth_views.PasswordResetView):
    """Says the same whether the address is known or not."""

    template_name = "portal/password_resets.html"
    success_url = reverse_lazy("password_reset_sent")

    def form_valid(self, form: Any) -> HttpResponse:
        email = form.cleaned_data["email"]
        user = User.objects.filter(email=email.lower(), is_active=True).first()
        if count_reset(self.request, email) and user:
            transaction.on_commit(lambda: send_password_mail.delay(user.pk), robust=True)
        return HttpResponseRedirect(str(self.success_url))


class PasswordChoice(auth_views.PasswordResetConfirmView):
    """Ends all sessions of the person. The link stands for the old password, not for the code of the second step."""

    template_name = "portal/password_choice.html"

    def form_valid(self, form: Any) -> HttpResponse:
        user, now = form.save(), timezone.now()
        del self.request.session[auth_views.INTERNAL_RESET_SESSION_TOKEN]
        end_sessions(user)
        announce(self.request, user, AccountChange.PASSWORD_CHANGED, at=now)
        return HttpResponseRedirect(second_step.enter(self.request, user, next_url=reverse("home"), now=now))


class NewPasswordForm(PasswordChangeForm):
    """Wrong tries at the old password count like wrong tries to sign in."""

    def __init__(self, request: HttpRequest, *args: Any) -> None:
        super().__init__(request.user, *args)  # type: ignore[arg-type]
        self.request = request

    def clean_old_password(self) -> str:
        return check_own_password(self.request, self.cleaned_data["old_password"])


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def password_change(request: HttpRequest) -> HttpResponse:
    form = NewPasswordForm(request, request.POST or None)
    if request.method != "POST" or not form.is_valid():
        status = 422 if form.errors else 200
        return render(request, "portal/password_change.html", {"form": form}, status=status)
    user: User = form.save()
    update_session_auth_hash(request, user)
    end_sessions(user, but=request.session.session_key)
    announce(request, user, AccountChange.PASSWORD_CHANGED, at=timezone.now())
    messages.success(request, _("Your password was changed. Your other browsers are signed out."))
    return redirect("account")
