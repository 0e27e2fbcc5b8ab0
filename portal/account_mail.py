"""Mail about an account: a link to choose a password, and the news of a new membership."""

import uuid
from typing import Any

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _

from portal.mail import Mail, MailError, inline_css, mail_domain, send_mail
from portal.models import Merchant, User

# A mail server that is away for minutes is no reason to lose the mail; a second copy does no harm.
RETRIED: dict[str, Any] = {"autoretry_for": (MailError,), "retry_backoff": 30, "retry_jitter": True, "max_retries": 6}


def password_url(user: User) -> str:
    """Good once, for PASSWORD_RESET_TIMEOUT; signed over the password and the last sign-in, so it dies with either."""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    token = default_token_generator.make_token(user)
    return str(settings.SITE_URL) + reverse("password_choice", kwargs={"uidb64": uid, "token": token})


def send_password_mail(user: User) -> None:
    _send(user, _("Choose a new password for Aftercare"), "password", {"url": password_url(user)})


def send_invitation_mail(user: User, merchant: Merchant) -> None:
    """Whoever has a password already gets a link to the merchant, everybody else one to choose a password."""
    has_password = user.has_usable_password()
    url = settings.SITE_URL + reverse("overview", kwargs={"slug": merchant.slug})
    context = {"merchant": merchant, "has_password": has_password, "url": url if has_password else password_url(user)}
    _send(user, _("You can now see %(merchant)s in Aftercare") % {"merchant": merchant.name}, "invitation", context)


def _send(user: User, subject: str, template: str, context: dict[str, object]) -> None:
    context = {**context, "user": user, "subject": subject, "days_valid": settings.PASSWORD_RESET_TIMEOUT // 86_400}
    send_mail(
        Mail(
            recipient=user.email,
            subject=subject,
            text=render_to_string(f"emails/{template}.txt", context),
            html=inline_css(render_to_string(f"emails/{template}.html", context)),
            message_id=f"<account-{uuid.uuid4()}@{mail_domain()}>",
        )
    )
