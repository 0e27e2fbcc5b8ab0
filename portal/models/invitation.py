"""An invitation into a merchant's team: for one email address, good once and for a while."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import models, transaction
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from portal.models.audit import AuditEntry
from portal.models.membership import Membership, Role
from portal.models.merchant import Merchant
from portal.models.scoped import MerchantScoped

if TYPE_CHECKING:
    from portal.models.user import User

LASTS = timedelta(days=7)


class InvitationState(models.TextChoices):
    OPEN = "open", _("Invited")
    EXPIRED = "expired", _("Run out")
    ACCEPTED = "accepted", _("Accepted")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class ClosedInvitationError(Exception):
    """It was accepted or withdrawn before, or ran out. Only a new one helps."""


def hash_token(token: str) -> str:
    """SHA-256 in hex. A token has 256 random bits, so a slow hash would add nothing."""
    return hashlib.sha256(token.encode()).hexdigest()


class Invitation(MerchantScoped):
    email = models.EmailField(_("email address"))
    role = models.PositiveSmallIntegerField(choices=Role.choices)
    token_hash = models.CharField(max_length=64, unique=True, null=True, blank=True, editable=False)
    invited_by = models.ForeignKey("portal.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    mail_error = models.CharField(max_length=300, blank=True)
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey("portal.User", null=True, on_delete=models.SET_NULL, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey("portal.User", null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                "merchant",
                Lower("email"),
                condition=models.Q(accepted_at=None, withdrawn_at=None),
                name="invitation_open_once",
            )
        ]

    def __str__(self) -> str:
        return self.email

    @classmethod
    def waiting(cls, merchant: Merchant) -> "models.QuerySet[Invitation]":
        """Neither accepted nor withdrawn; also those that ran out, which can be sent again."""
        return cls.objects.for_merchant(merchant).filter(accepted_at=None, withdrawn_at=None)

    @classmethod
    def find(cls, token: str) -> "Invitation | None":
        return cls.objects.select_related("merchant", "invited_by").filter(token_hash=hash_token(token)).first()

    @classmethod
    @transaction.atomic
    def create(cls, merchant: Merchant, email: str, role: Role, *, by: "User", at: datetime) -> "Invitation":
        """One that ran out before is taken up again; there is only ever one open for an address."""
        terms = {"role": role, "invited_by": by, "created_at": at, "expires_at": at + LASTS}
        row, _created = cls.waiting(merchant).update_or_create(
            email__iexact=email,
            defaults={**terms, **_NOT_SENT},
            create_defaults={**terms, "merchant": merchant, "email": email.lower()},
        )
        AuditEntry.record(merchant, "invitation.created", by=by, on=row, detail={"role": role.name.lower()})
        return row

    def state(self, now: datetime) -> InvitationState:
        if self.accepted_at:
            return InvitationState.ACCEPTED
        if self.withdrawn_at:
            return InvitationState.WITHDRAWN
        return InvitationState.OPEN if now < self.expires_at else InvitationState.EXPIRED

    @transaction.atomic
    def renew(self, *, by: "User", at: datetime) -> None:
        """Good again from now on, and to be mailed again. Raises ClosedInvitationError."""
        self._claim(expires_at=at + LASTS, **_NOT_SENT)
        AuditEntry.record(self.merchant, "invitation.renewed", by=by, on=self)

    @transaction.atomic
    def withdraw(self, *, by: "User", at: datetime) -> None:
        """Raises ClosedInvitationError."""
        self._claim(withdrawn_at=at, withdrawn_by=by)
        AuditEntry.record(self.merchant, "invitation.withdrawn", by=by, on=self)

    def hold(self, *, now: datetime) -> None:
        """Keeps others from deciding until the transaction ends. Raises ClosedInvitationError unless it is open."""
        if Invitation.objects.select_for_update().get(pk=self.pk).state(now) is not InvitationState.OPEN:
            raise ClosedInvitationError

    @transaction.atomic
    def accept(self, user: "User", *, at: datetime) -> Membership:
        """Makes the user a member. Who is one already keeps the role. Raises ClosedInvitationError."""
        self.hold(now=at)
        self._claim(accepted_at=at, accepted_by=user)
        membership, is_new = Membership.objects.get_or_create(
            merchant=self.merchant, user=user, defaults={"role": self.role}
        )
        detail = {"role": Role(membership.role).name.lower(), "invited by": str(self.invited_by or _("somebody"))}
        AuditEntry.record(self.merchant, "invitation.accepted", by=user, on=user, detail=detail if is_new else {})
        return membership

    def make_token(self) -> str:
        """Replaces the token by a new one, which only the mail holds. Called right before it is sent."""
        token = secrets.token_urlsafe(32)
        self._claim(token_hash=hash_token(token))
        return token

    def mark_sent(self, *, at: datetime) -> None:
        Invitation.objects.filter(pk=self.pk).update(sent_at=at, mail_error="")

    def mark_unsent(self, reason: str) -> None:
        Invitation.objects.filter(pk=self.pk).update(mail_error=reason[:300])

    def _claim(self, **values: object) -> None:
        """Of two who decide at the same moment, one does."""
        still_waiting = Invitation.objects.filter(pk=self.pk, accepted_at=None, withdrawn_at=None)
        if still_waiting.update(**values) != 1:
            raise ClosedInvitationError
        self.refresh_from_db()


_NOT_SENT = {"token_hash": None, "sent_at": None, "mail_error": ""}
