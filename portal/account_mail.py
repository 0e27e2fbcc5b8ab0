"""Mail about an account: a link to choose a password, an invitation, and the news of every change of the sign-in."""

import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.db import models
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.mail import Mail, MailError, inline_css, mail_domain, send_mail
from portal.models import Invitation, RecoveryCode, User

# A mail server that is away for minutes is no reason to lose the mail; a second copy does no harm.
RETRIED: dict[str, Any] = {"autoretry_for": (MailError,), "retry_backoff": 30, "retry_jitter": True, "max_retries": 6}


class AccountChange(models.TextChoices):
    """What a person is told about, whoever did it."""

    PASSWORD_CHANGED = "password_changed", gettext_lazy("Your password was changed")
    TWO_STEP_ON = "two_step_on", gettext_lazy("Two-step sign-in was turned on")
    TWO_STEP_OFF = "two_step_off", gettext_lazy("Two-step sign-in was turned off")
    RECOVERY_CODES_REPLACED = "recovery_codes_replaced", gettext_lazy("Your recovery codes were replaced")
    RECOVERY_CODE_USED = "recovery_code_used", gettext_lazy("A recovery code was used to sign in")
    CODES_REFUSED = "codes_refused", gettext_lazy("Somebody knows your password, but not your code")


def password_url(user: User) -> str:
    """Good once, for PASSWORD_RESET_TIMEOUT; signed over the password and the last sign-in, so it dies with either."""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    token = default_token_generator.make_token(user)
    return str(settings.SITE_URL) + reverse("password_choice", kwargs={"uidb64": uid, "token": token})


def send_password_mail(user: User) -> None:
    days_valid = settings.PASSWORD_RESET_TIMEOUT // 86_400
    subject = _("Choose a new password for Aftercare")
    _send(user.email, subject, "password", {"user": user, "url": password_url(user), "days_valid": days_valid})


def send_invitation_mail(invitation: Invitation) -> None:
    """The link in it replaces that of an earlier mail. Raises MailError and ClosedInvitationError."""
    url = settings.SITE_URL + reverse("invitation", kwargs={"token": invitation.make_token()})
    names = {"merchant": invitation.merchant.name, "person": str(invitation.invited_by or invitation.merchant)}
    subject = _("%(person)s invites you to %(merchant)s on Aftercare") % names
    _send(invitation.email, subject, "invitation", {"invitation": invitation, **names, "url": url})


def send_account_change_mail(user: User, change: AccountChange, *, at: datetime, device: str) -> None:
    context = {
        "change": change,
        "at": at,
        "device": device,
        "email": user.email,
        "n_codes_left": RecoveryCode.count_left(user),
        "url": settings.SITE_URL + reverse("password_resets"),
    }
    _send(user.email, str(change.label), "account_change", context)


def _send(recipient: str, subject: str, template: str, context: dict[str, object]) -> None:
    context = {**context, "subject": subject}
    send_mail(
        Mail(
            recipient=recipient,
            subject=subject,
            text=render_to_string(f"emails/{template}.txt", context),
            html=inline_css(render_to_string(f"emails/{template}.html", context)),
            message_id=f"<account-{uuid.uuid4()}@{mail_domain()}>",
        )
    )
