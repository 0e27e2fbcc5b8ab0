"""A merchant is a tenant: everything but users belongs to exactly one."""

import zoneinfo
from typing import TYPE_CHECKING, Self

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from portal.models.user import User

# First path segments that belong to the site itself.
RESERVED_SLUGS = frozenset(
    {"admin", "api", "healthz", "readyz", "static", "sign-in", "sign-out", "account", "i18n", "password", "favicon.ico"}
)


def validate_zone(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        raise ValidationError(_("%(zone)s is not an IANA time zone, such as Europe/Berlin."), params={"zone": name})


def validate_slug_is_free(slug: str) -> None:
    if slug in RESERVED_SLUGS:
        raise ValidationError(_("The address “%(slug)s” is used by the site itself."), params={"slug": slug})


class MerchantQuerySet(models.QuerySet["Merchant"]):
    def visible_to(self, user: "User") -> Self:
        return self.filter(memberships__user=user)


class Merchant(models.Model):
    slug = models.SlugField(_("address"), unique=True, max_length=50, validators=[validate_slug_is_free])
    name = models.CharField(_("name"), max_length=120)
    timezone = models.CharField(_("time zone"), max_length=64, default="UTC", validators=[validate_zone])
    currency = models.CharField(
        _("currency"),
        max_length=3,
        default="EUR",
        validators=[RegexValidator(r"^[A-Z]{3}$", _("Use an ISO 4217 code."))],
    )
    locale = models.CharField(_("locale"), max_length=16, default="en")
    chat_idle_hours = models.PositiveSmallIntegerField(_("idle hours until a chat ends"), default=24)
    email_idle_hours = models.PositiveSmallIntegerField(_("idle hours until an email conversation ends"), default=72)
    recontact_days = models.PositiveSmallIntegerField(_("days without re-contact until verified"), default=7)
    redacts_cards = models.BooleanField(_("redact card numbers"), default=True)
    redacts_emails = models.BooleanField(_("redact email addresses"), default=True)
    redacts_phones = models.BooleanField(_("redact phone numbers"), default=True)
    monthly_llm_budget = models.DecimalField(
        _("monthly budget for model calls (USD)"), max_digits=10, decimal_places=2, default=50
    )
    judged_share = models.PositiveSmallIntegerField(
        _("conversations that a language model reads (%)"), default=100, validators=[MaxValueValidator(100)]
    )
    is_demo = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    # The stored numbers were counted by these; a change counts all of them anew.
    COUNTED_BY = ("timezone", "chat_idle_hours", "email_idle_hours", "recontact_days")

    objects = MerchantQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.timezone)
