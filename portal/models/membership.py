"""Who belongs to a merchant, and as what."""

from typing import TYPE_CHECKING

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from portal.models.audit import AuditEntry
from portal.models.merchant import Merchant

if TYPE_CHECKING:
    from portal.models.user import User


class Role(models.IntegerChoices):
    """Ordered: a higher role may do all that a lower one may."""

    VIEWER = 1, _("Viewer")
    REVIEWER = 2, _("Reviewer")
    OWNER = 3, _("Owner")


class LastOwnerError(Exception):
    """A merchant always keeps one owner who can sign in."""


class Membership(models.Model):
    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey("portal.User", on_delete=models.CASCADE, related_name="memberships")
    role = models.PositiveSmallIntegerField(choices=Role.choices, default=Role.VIEWER)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant", "user"], name="membership_once")]
        ordering = ["-role", "user__email"]

    def __str__(self) -> str:
        return f"{self.user} · {self.merchant} · {self.get_role_display()}"

    @transaction.atomic
    def change_role(self, role: Role, *, by: "User") -> None:
        """Raises LastOwnerError when nobody would be left who can change anything."""
        if role != Role.OWNER:
            self._check_not_last_owner()
        before, self.role = Role(self.role), role
        self.save(update_fields=["role"])
        if before != role:
            self._record("member.role_changed", by=by, role=f"{before.name.lower()} → {role.name.lower()}")

    @transaction.atomic
    def end(self, *, by: "User") -> None:
        """Holds from the next request on. The user stays, and stays in the audit trail. Raises LastOwnerError."""
        self._check_not_last_owner()
        verb = "member.left" if by == self.user else "member.removed"
        self._record(verb, by=by, role=Role(self.role).name.lower())
        self.delete()

    def _check_not_last_owner(self) -> None:
        # The rows are locked, so that two owners who remove each other at the same moment do not both succeed.
        locked = Membership.objects.select_for_update(of=("self",)).select_related("user")
        owners = list(locked.filter(merchant=self.merchant, role=Role.OWNER))
        others_who_can = [owner for owner in owners if owner.pk != self.pk and owner.user.is_active]
        if self.pk in [owner.pk for owner in owners] and not others_who_can:
            raise LastOwnerError

    def _record(self, verb: str, *, by: "User", **detail: str) -> None:
        AuditEntry.record(self.merchant, verb, by=by, on=self.user, detail=detail)
