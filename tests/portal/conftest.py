import re
from contextlib import contextmanager

import pyotp
import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

PASSWORD = "lamp warm hallway 42"


@pytest.fixture
def cheap_hashes(settings):
    """Argon2 is slow on purpose; a hundred tries would take a minute."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def olivia(owner, cheap_hashes):
    """The owner, who has a password."""
    owner.set_password(PASSWORD)
    owner.save()
    return owner


@pytest.fixture
def committed(django_capture_on_commit_callbacks):
    """`with committed():` what waits for the commit happens at its end, tasks included: the test sees the mails."""
    from tests.flows.shop import tasks_run_at_once

    @contextmanager
    def run():
        with tasks_run_at_once(), django_capture_on_commit_callbacks(execute=True):
            yield

    return run


@pytest.fixture
def attempt():
    """`attempt(password=…, ip=…)` → the answer of the sign-in page."""

    def post(email="olivia@lumen.example", password=PASSWORD, ip="10.0.0.1", client=None, **extra):
        form = {"username": email, "password": password, **extra}
        return (client or Client()).post(reverse("login"), form, REMOTE_ADDR=ip)

    return post


@pytest.fixture
def phone():
    """`phone(user)` → an authenticator app that is set up: `.code()` is the code of now; `.recovery_codes`."""
    from portal.models import Authenticator

    class Phone:
        def __init__(self, user) -> None:
            now = timezone.now()
            authenticator = Authenticator.start(user, at=now)
            self.totp = pyotp.TOTP(authenticator.read_secret())
            # The code of a while ago, so that the code of now is still to be had.
            self.recovery_codes = authenticator.confirm(self.totp.at(now, counter_offset=-1), at=now)

        def code(self, *, steps: int = 0) -> str:
            return self.totp.at(timezone.now(), counter_offset=steps)

    return Phone


@pytest.fixture
def link_in_mail():
    """The path of the one address in the last mail."""

    def find() -> str:
        return re.search(r"http://localhost:8000(/\S+)", mail.outbox[-1].body).group(1)

    return find
