"""Who may try to sign in: the one authentication backend, which the portal's page and the admin share."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import timezone

from portal.models import User
from portal.models.attempt import Attempt, Limit

BY_EMAIL_AND_IP = Limit("sign_in", n=8, window=timedelta(minutes=15))
BY_IP = Limit("sign_in_ip", n=60, window=timedelta(minutes=15))
RESET_BY_EMAIL = Limit("reset", n=3, window=timedelta(hours=1))
RESET_BY_IP = Limit("reset_ip", n=20, window=timedelta(hours=1))
BACKEND = "portal.sign_in.LimitedBackend"


def client_ip(request: HttpRequest) -> str:
    """The address the outermost trusted proxy saw; a header that a client can write itself counts for nothing."""
    hops = [hop.strip() for hop in request.headers.get("x-forwarded-for", "").split(",") if hop.strip()]
    if settings.N_TRUSTED_PROXIES and len(hops) >= settings.N_TRUSTED_PROXIES:
        return str(hops[-settings.N_TRUSTED_PROXIES])
    return str(request.META.get("REMOTE_ADDR", ""))


def find_wait(request: HttpRequest, email: str) -> timedelta | None:
    """How long before this address may be tried again from here."""
    now, ip = timezone.now(), client_ip(request)
    return Attempt.find_wait(BY_EMAIL_AND_IP, f"{email} {ip}", now=now) or Attempt.find_wait(BY_IP, ip, now=now)


class LimitedBackend(ModelBackend):
    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        email = username or str(kwargs.get("email") or "")
        if request is None:
            return super().authenticate(request, username=email, password=password)
        if find_wait(request, email):
            raise PermissionDenied
        user = super().authenticate(request, username=email, password=password)
        now, ip = timezone.now(), client_ip(request)
        if user is None:
            Attempt.record(BY_EMAIL_AND_IP, f"{email} {ip}", at=now)
            Attempt.record(BY_IP, ip, at=now)
            return None
        Attempt.forget(BY_EMAIL_AND_IP, f"{email} {ip}")
        return user


def is_own_password(request: HttpRequest, password: str) -> bool:
    """Whether whoever sits at this browser knows the password; counts as a try at the door when not."""
    user = request.user
    return user.is_authenticated and authenticate(request, username=user.email, password=password) == user


def count_reset(request: HttpRequest, email: str) -> bool:
    """Counts a wish for a new password; False when there were too many, and then none must be sent."""
    now, ip = timezone.now(), client_ip(request)
    if Attempt.find_wait(RESET_BY_EMAIL, email, now=now) or Attempt.find_wait(RESET_BY_IP, ip, now=now):
        return False
    Attempt.record(RESET_BY_EMAIL, email, at=now)
    Attempt.record(RESET_BY_IP, ip, at=now)
    return True
