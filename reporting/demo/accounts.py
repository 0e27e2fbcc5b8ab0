"""Who signs in to the demo, and its two merchants. Only load_demo makes these users."""

from dataclasses import dataclass

from django.conf import settings

from portal.local_stack.demo import DEMO_PASSWORD
from portal.models import Membership, Merchant, Role, User
from reporting.demo import shop

LOCAL_HOSTS = {"localhost", "127.0.0.1", "[::1]", "testserver"}


@dataclass(frozen=True, slots=True)
class Person:
    email: str
    name: str
    role: Role | None = None  # None: support staff of the platform


OWNER = Person("owner@demo.example", "Lena Sommer", Role.OWNER)
REVIEWER = Person("reviewer@demo.example", "Jonas Weidner", Role.REVIEWER)
VIEWER = Person("viewer@demo.example", "Mira Kolb", Role.VIEWER)
ADMIN = Person("admin@demo.example", "Support of the platform")


def is_public() -> bool:
    """Whether people elsewhere may reach this site: then accounts with a known password must not be made by chance."""
    return not settings.DEBUG and bool(set(settings.ALLOWED_HOSTS) - LOCAL_HOSTS)


def make_merchant() -> Merchant:
    merchant: Merchant = Merchant.objects.get_or_create(
        slug=shop.SLUG,
        defaults={
            "name": shop.NAME,
            "timezone": shop.ZONE,
            "currency": shop.CURRENCY,
            "locale": "en",
            "is_demo": True,
            # Made-up conversations are not worth anybody's money.
            "monthly_llm_budget": 2,
        },
    )[0]
    return merchant


def make_second_merchant() -> Merchant:
    defaults = {"name": shop.SECOND_NAME, "timezone": shop.ZONE, "currency": shop.CURRENCY, "is_demo": True}
    merchant: Merchant = Merchant.objects.get_or_create(slug=shop.SECOND_SLUG, defaults=defaults)[0]
    return merchant


def make_users(merchant: Merchant, second: Merchant) -> dict[Person, User]:
    """A password that somebody has changed stays changed."""
    users = {person: _make_user(person) for person in (OWNER, REVIEWER, VIEWER, ADMIN)}
    for person, user in users.items():
        if person.role is not None:
            Membership.objects.get_or_create(merchant=merchant, user=user, defaults={"role": person.role})
    Membership.objects.get_or_create(merchant=second, user=users[OWNER], defaults={"role": Role.OWNER})
    return users


def _make_user(person: Person) -> User:
    user = User.objects.filter(email=person.email).first()
    if user is not None:
        return user
    if person.role is None:
        return User.objects.create_superuser(person.email, DEMO_PASSWORD, name=person.name)
    return User.objects.create_user(person.email, DEMO_PASSWORD, name=person.name)
