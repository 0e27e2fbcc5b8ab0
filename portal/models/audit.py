"""Who did what, when, to which object. Rows are only ever added."""

from typing import TYPE_CHECKING, Any

from django.db import models

from portal.models.merchant import Merchant
from portal.models.scoped import MerchantScoped

if TYPE_CHECKING:
    from portal.models.api_key import ApiKey
    from portal.models.user import User


class AuditEntry(MerchantScoped):
    actor = models.ForeignKey("portal.User", null=True, on_delete=models.SET_NULL, related_name="+")
    actor_name = models.CharField(max_length=160)
    verb = models.CharField(max_length=60)
    object_type = models.CharField(max_length=60)
    object_id = models.CharField(max_length=60)
    object_name = models.CharField(max_length=200)
    detail = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["merchant", "-created_at"], name="audit_merchant_time")]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.actor_name} {self.verb} {self.object_type} {self.object_name}"

    @classmethod
    def record(
        cls,
        merchant: Merchant,
        verb: str,
        *,
        by: "User | None",
        on: models.Model,
        detail: dict[str, Any] | None = None,
        via: "ApiKey | None" = None,
    ) -> "AuditEntry":
        """Adds one entry. `verb` is dotted and in the past tense, such as `draft.approved`. `via` is the key of a
        program that nobody stood behind."""
        entry = cls.build(merchant, verb, by=by, on=on, detail=detail, via=via)
        entry.save()
        return entry

    @classmethod
    def build(
        cls,
        merchant: Merchant,
        verb: str,
        *,
        by: "User | None",
        on: models.Model,
        detail: dict[str, Any] | None = None,
        via: "ApiKey | None" = None,
    ) -> "AuditEntry":
        """An entry that is not stored yet, for whoever stores many at once."""
        return cls(
            merchant=merchant,
            actor=by,
            actor_name=str(by or via or "system"),
            verb=verb,
            object_type=on._meta.model_name or "",
            object_id=str(on.pk),
            object_name=str(on)[:200],
            detail=detail or {},
        )

    @classmethod
    def record_about(cls, user: "User", verb: str, *, by: "User | None") -> None:
        """Something about a person that the owners of all their merchants should see."""
        for merchant in Merchant.objects.visible_to(user):
            cls.record(merchant, verb, by=by, on=user)
