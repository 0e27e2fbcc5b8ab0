"""Who changed how somebody signs in is told to that person by mail, at once."""

from datetime import datetime

from django.db import transaction
from django.http import HttpRequest

from portal.account_mail import AccountChange
from portal.devices import name_device
from portal.models import User
from portal.tasks import send_account_change_mail

__all__ = ["AccountChange", "announce"]


def announce(request: HttpRequest, user: User, change: AccountChange, *, at: datetime) -> None:
    device = str(name_device(request.headers.get("user-agent", "")))
    transaction.on_commit(
        lambda: send_account_change_mail.delay(user.pk, change.value, at.isoformat(), device), robust=True
    )
