"""Between the right password and the right code: who stands at the door, and for how long."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from django.contrib.auth import login
from django.http import HttpRequest
from django.urls import reverse

from portal.models import Authenticator, RecoveryCode, User
from portal.models.attempt import Attempt, Limit
from portal.sign_in import BACKEND

KEY = "second_step"
LASTS = timedelta(minutes=10)
# By person, not by place: whoever tries codes knows the password already.
BY_USER = Limit("sign_in_code", n=6, window=timedelta(minutes=15))


class Code(Enum):
    FROM_APP = "from_app"
    RECOVERY = "recovery"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody whose password was right and whose code is awaited."""

    user: User
    next_url: str


def enter(request: HttpRequest, user: User, *, next_url: str, now: datetime) -> str:
    """Signs in a user whose password was right, or has them asked for a code first. Returns where to go."""
    if Authenticator.find_active(user) is None:
        login(request, user, backend=BACKEND)
        return next_url
    # Whoever was signed in here before is not the one who waits.
    request.session.flush()
    # The hash of the password is in it: a password changed meanwhile ends the wait.
    request.session[KEY] = {
        "user": user.pk,
        "password": user.get_session_auth_hash(),
        "since": now.isoformat(),
        "next": next_url,
    }
    return reverse("sign_in_code")


def find_waiting(request: HttpRequest, *, now: datetime) -> Waiting | None:
    noted: dict[str, Any] = request.session.get(KEY) or {}
    if not noted or now - datetime.fromisoformat(noted["since"]) > LASTS:
        return None
    user = User.objects.filter(pk=noted["user"], is_active=True).first()
    if user is None or user.get_session_auth_hash() != noted["password"]:
        return None
    return Waiting(user, noted["next"])


def finish(request: HttpRequest, waiting: Waiting) -> str:
    """Signs in; the code was right. Returns where to go."""
    request.session.pop(KEY, None)
    login(request, waiting.user, backend=BACKEND)
    return waiting.next_url


def find_wait(user: User, *, now: datetime) -> timedelta | None:
    """How long before this person's codes may be tried again."""
    return Attempt.find_wait(BY_USER, str(user.pk), now=now)


def check_code(user: User, code: str, *, at: datetime) -> Code | None:
    """Which kind of code it is, once; None for a wrong one, which is counted."""
    authenticator = Authenticator.find_active(user)
    kind = Code.FROM_APP if authenticator is not None and authenticator.accepts(code, at=at) else None
    if kind is None and RecoveryCode.use(user, code, at=at):
        kind = Code.RECOVERY
    if kind is None:
        Attempt.record(BY_USER, str(user.pk), at=at)
    else:
        Attempt.forget(BY_USER, str(user.pk))
    return kind
