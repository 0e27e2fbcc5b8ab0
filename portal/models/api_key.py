"""Keys of REST clients: only a hash is kept, the key itself is shown once."""

import hashlib
import secrets
from datetime import datetime
from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from portal.models.audit import AuditEntry
from portal.models.merchant import Merchant
from portal.models.scoped import MerchantScoped

if TYPE_CHECKING:
    from portal.models.user import User

PREFIX = "ac_"


class Scope(models.TextChoices):
    INGEST = "ingest", _("Send events")
    READ = "read", _("Read metrics, conversations and articles")
    REVIEW = "review", _("Review drafts and label quality")
    SETTINGS = "settings", _("Change costs and the rubric")


def hash_key(key: str) -> str:
    """SHA-256 in hex. A key has 256 random bits, so a slow hash would add nothing."""
    return hashlib.sha256(key.encode()).hexdigest()


class ApiKey(MerchantScoped):
    name = models.CharField(_("name"), max_length=80)
    prefix = models.CharField(max_length=12, editable=False)
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    scopes = ArrayField(models.CharField(max_length=10, choices=Scope.choices))
    created_by = models.ForeignKey("portal.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @classmethod
    @transaction.atomic
    def create(
        cls, merchant: Merchant, *, name: str, scopes: list[Scope], created_by: "User | None" = None
    ) -> tuple["ApiKey", str]:
        """Returns the row and the key in clear; the key cannot be had again."""
        key = PREFIX + secrets.token_urlsafe(32)
        row = cls.objects.create(
            merchant=merchant,
            name=name,
            prefix=key[:9],
            key_hash=hash_key(key),
            scopes=[str(scope) for scope in scopes],
            created_by=created_by,
        )
        AuditEntry.record(merchant, "api_key.created", by=created_by, on=row, detail={"scopes": row.scopes})
        return row, key

    @property
    def is_active(self) -> bool:
        return self.revoked_at is None

    @transaction.atomic
    def revoke(self, *, by: "User | None", at: datetime) -> None:
        """Holds from the next request on; revoking twice changes nothing."""
        if ApiKey.objects.filter(pk=self.pk, revoked_at=None).update(revoked_at=at) == 1:
            AuditEntry.record(self.merchant, "api_key.revoked", by=by, on=self)
        self.refresh_from_db()
