"""Who signs in to the demo, and its two merchants. Only load_demo makes these users."""

from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.utils import timezone

from portal.local_stack.demo import DEMO_PASSWORD
from portal.models import CostInputs, Invitation, Membership, Merchant, Role, User
from portal.tasks import send_invitation_mail
from reporting.demo import shop

LLM_BUDGET = Decimal(2)
# What the owner typed in; the other inputs stay at their defaults.
COSTS = {
    "hourly_cost": Decimal("27.50"),
    "handoff_extra_minutes": Decimal(2),
    "platform_fee_per_month": Decimal(390),
}
OUTBOX = "portal.mail.OutboxBackend"
LOCAL_HOSTS = {"localhost", "127.0.0.1", "[::1]", "testserver"}


@dataclass(frozen=True, slots=True)
class Person:
    email: str
    name: str
    role: Role | None = None  # None: support staff of the platform


OWNER = Person("owner@demo.example", "Lena Sommer", Role.OWNER)
REVIEWER = Person("reviewer@demo.example", "Jonas Weidner", Role.REVIEWER)
SECOND_REVIEWER = Person("reviewer.two@demo.example", "Aylin Demir", Role.REVIEWER)
VIEWER = Person("viewer@demo.example", "Mira Kolb", Role.VIEWER)
ADMIN = Person("admin@demo.example", "Support of the platform")
# Invited, and not in yet: the mail lies in the outbox, with a link that works.
INVITED = Person("trainee@demo.example", "", Role.REVIEWER)


class NotOursError(Exception):
    """A merchant that load_demo did not make has the demo's address."""


def is_public() -> bool:
    """Whether people elsewhere may reach this site: then accounts with a known password must not be made by chance."""
    return not settings.DEBUG and bool(set(settings.ALLOWED_HOSTS) - LOCAL_HOSTS)


def make_merchant() -> Merchant:
    # Made-up conversations are worth little of anybody's money.
    return _make_merchant(shop.SLUG, shop.NAME, monthly_llm_budget=LLM_BUDGET)


def make_second_merchant() -> Merchant:
    return _make_merchant(shop.SECOND_SLUG, shop.SECOND_NAME)


def _make_merchant(slug: str, name: str, **fields: Decimal) -> Merchant:
    """Raises NotOursError."""
    defaults = {"name": name, "timezone": shop.ZONE, "currency": shop.CURRENCY, "is_demo": True, **fields}
    merchant, _created = Merchant.objects.get_or_create(slug=slug, defaults=defaults)
    if not merchant.is_demo:
        raise NotOursError(f"The address {slug} belongs to {merchant}, which is not the demo's. Nothing was loaded.")
    return merchant


def make_users(merchant: Merchant, second: Merchant) -> dict[Person, User]:
    """A password that somebody has changed stays changed."""
    users = {person: _make_user(person) for person in (OWNER, REVIEWER, SECOND_REVIEWER, VIEWER, ADMIN)}
    for person, user in users.items():
        if person.role is not None:
            Membership.objects.get_or_create(merchant=merchant, user=user, defaults={"role": person.role})
    Membership.objects.get_or_create(merchant=second, user=users[OWNER], defaults={"role": Role.OWNER})
    return users


def invite_colleague(merchant: Merchant, owner: User) -> None:
    """Once, and only where mails are files: nobody reads what is sent to an example's address."""
    now, role = timezone.now(), INVITED.role or Role.VIEWER
    is_known = Invitation.objects.for_merchant(merchant).filter(email=INVITED.email).exists()
    if not is_known and settings.EMAIL_BACKEND == OUTBOX:
        send_invitation_mail(Invitation.create(merchant, INVITED.email, role, by=owner, at=now).pk)


def _make_user(person: Person) -> User:
    user = User.objects.filter(email=person.email).first()
    if user is not None:
        return user
    if person.role is None:
        return User.objects.create_superuser(person.email, DEMO_PASSWORD, name=person.name)
    return User.objects.create_user(person.email, DEMO_PASSWORD, name=person.name)


def type_costs(merchant: Merchant, owner: User) -> None:
    """As the owner would on the page of the return on investment, and only if nobody did before."""
    if not CostInputs.objects.for_merchant(merchant).exists():
        CostInputs.change(merchant, COSTS, by=owner, at=timezone.now())
