"""Whoever's way of signing in was changed is told so by mail, at once."""

from datetime import datetime

from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from portal.account_mail import AccountChange
from portal.devices import name_device
from portal.models import User
from portal.tasks import send_account_change_mail

__all__ = ["AccountChange", "announce"]


def announce(request: HttpRequest, user: User, change: AccountChange, *, at: datetime, by_staff: bool = False) -> None:
    agent = request.headers.get("user-agent", "")
    where = _("by the support staff of the platform") if by_staff else str(name_device(agent))
    transaction.on_commit(
        lambda: send_account_change_mail.delay(user.pk, change.value, at.isoformat(), where), robust=True
    )
