"""A cast of people. The servers of a test run are in tests/servers.py."""

from collections.abc import Callable, Iterator

# First, because it puts the servers' addresses into the environment, from which the other imports read the settings.
from tests.servers import postbox, redis_server, worker  # noqa: F401
from tests.template import django_db_modify_db_settings  # noqa: F401

# isort: split
import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

pytest_plugins = ["tests.stand_ins.fixtures"]


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """A thread of a server that a test started may still hold a connection when the test database is dropped."""
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    """Rate limits and rendered fragments of one test must not reach the next."""
    cache.clear()


@pytest.fixture(scope="session", autouse=True)
def _static_files_looked_up_once() -> Iterator[None]:
    """Each test client builds the middleware anew, and WhiteNoise's then asks the disk for hundreds of files."""
    found: dict[str, dict[str, StaticFile]] = {}
    look_up = WhiteNoiseMiddleware.add_files_from_finders

    def add_files_from_finders(whitenoise: WhiteNoiseMiddleware) -> None:
        if whitenoise.static_prefix not in found:
            look_up(whitenoise)
            found[whitenoise.static_prefix] = whitenoise.files
        whitenoise.files = {**whitenoise.files, **found[whitenoise.static_prefix]}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", add_files_from_finders)
        yield


@pytest.fixture(scope="session", autouse=True)
def _tries_follow_at_once() -> Iterator[None]:
    """The openai SDK tries again as often as it does anywhere, but waits a hundredth of a second and not one or two."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("openai._base_client.INITIAL_RETRY_DELAY", 0.01)
        yield


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
