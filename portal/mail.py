"""The only module that hands mail to the outside world. One call, one message, one recipient."""

import re
import smtplib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import css_inline
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import EmailMessage
from django.utils import timezone
from django.utils.text import slugify

SMTP_PERMANENT = 500
_INLINER = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


class MailError(Exception):
    """A message was not taken. `permanent` says that trying again is of no use."""

    def __init__(self, message: str, *, permanent: bool) -> None:
        super().__init__(message)
        self.permanent = permanent


@dataclass(frozen=True, slots=True)
class Mail:
    recipient: str
    subject: str
    text: str
    html: str
    message_id: str
    headers: dict[str, str] = field(default_factory=dict)


def inline_css(html: str) -> str:
    """Copies style rules onto the elements; media queries (dark mode, narrow screens) stay in the style tag."""
    return _INLINER.inline(html)


def mail_domain() -> str:
    return urlsplit(settings.SITE_URL).hostname or "localhost"


def send_mail(mail: Mail) -> None:
    """Raises MailError. The message id is the caller's, so that a resend can be recognised by whoever receives both."""
    message = EmailMultiAlternatives(
        subject=mail.subject,
        body=mail.text,
        to=[mail.recipient],
        headers={"Message-ID": mail.message_id, **mail.headers},
    )
    message.attach_alternative(mail.html, "text/html")
    try:
        message.send()
    except smtplib.SMTPRecipientsRefused as error:
        code, reason = next(iter(error.recipients.values()))
        raise MailError(_said(code, reason), permanent=code >= SMTP_PERMANENT) from error
    except smtplib.SMTPAuthenticationError as error:
        # The server refuses us, not this message: it can go out as soon as the password is right.
        raise MailError(_said(error.smtp_code, error.smtp_error), permanent=False) from error
    except smtplib.SMTPResponseException as error:
        raise MailError(
            _said(error.smtp_code, error.smtp_error), permanent=error.smtp_code >= SMTP_PERMANENT
        ) from error
    except (smtplib.SMTPException, OSError) as error:
        raise MailError(f"The mail server could not be reached: {error}", permanent=False) from error


def _said(code: int, reason: bytes | str) -> str:
    words = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else reason
    return f"The mail server answered {code}: {words}"


class OutboxBackend(BaseEmailBackend):
    """Writes each message as `outbox/<time>-<recipient>-<subject>.eml` in the run directory."""

    def __init__(self, fail_silently: bool = False, **kwargs: Any) -> None:
        super().__init__(fail_silently=fail_silently)
        self.folder = Path(settings.EMAIL_FILE_PATH)

    def send_messages(self, email_messages: Any) -> int:
        self.folder.mkdir(parents=True, exist_ok=True)
        return sum(self._write(message) for message in email_messages)

    def _write(self, message: EmailMessage) -> int:
        recipient = re.sub(r"[^a-z0-9]+", "-", message.to[0].lower())
        name = f"{timezone.now():%Y%m%dT%H%M%S%f}-{recipient}-{slugify(message.subject)[:60]}.eml"
        (self.folder / name).write_bytes(message.message().as_bytes())
        return 1
