"""The second step of signing in: codes from an app (TOTP, RFC 6238), and recovery codes for the day it is lost."""

import hashlib
import logging
import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pyotp
from django.db import models, transaction

from portal.encryption import DecryptionError, decrypt, encrypt
from portal.models.audit import AuditEntry

if TYPE_CHECKING:
    from portal.models.user import User

logger = logging.getLogger(__name__)

ISSUER = "Aftercare"
PURPOSE = "authenticator"
STEP_SECONDS = 30
STEPS_AROUND = (0, -1, 1)  # clocks differ, and typing takes time
SETUP_LASTS = timedelta(minutes=15)
N_RECOVERY_CODES = 10
# Without letters and digits that look alike; 16 of 31 are 79 random bits.
CODE_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


class Authenticator(models.Model):
    """One person's app. Until its first code was typed (`confirmed_at`) nothing asks for it."""

    user = models.OneToOneField("portal.User", on_delete=models.CASCADE, primary_key=True, related_name="authenticator")
    secret = models.CharField(max_length=255, editable=False)  # encrypted
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    last_step = models.BigIntegerField(default=0)  # of the last code taken: none is taken twice

    def __str__(self) -> str:
        return f"authenticator of {self.user}"

    @classmethod
    def find_active(cls, user: "User") -> "Authenticator | None":
        return cls.objects.filter(user=user, confirmed_at__isnull=False).first()

    @classmethod
    def find_in_setup(cls, user: "User", *, now: datetime) -> "Authenticator | None":
        return cls.objects.filter(user=user, confirmed_at=None, created_at__gt=now - SETUP_LASTS).first()

    @classmethod
    @transaction.atomic
    def start(cls, user: "User", *, at: datetime) -> "Authenticator":
        """A new secret, for an app to scan; one whose setup was not finished is replaced, an active one stays."""
        row = cls.objects.select_for_update().filter(user=user).first() or cls(user=user)
        if not row.confirmed_at:
            row.secret, row.created_at, row.last_step = encrypt(pyotp.random_base32(), purpose=PURPOSE), at, 0
            row.save()
        return row

    def read_secret(self) -> str:
        """In base32, as people type it into an app. Raises DecryptionError."""
        return decrypt(self.secret, purpose=PURPOSE)

    def address(self) -> str:
        """The otpauth:// address that an app reads from the QR code."""
        return pyotp.TOTP(self.read_secret()).provisioning_uri(name=self.user.email, issuer_name=ISSUER)

    def accepts(self, code: str, *, at: datetime) -> bool:
        """Whether this is the code of now; each is taken once, also when it is sent twice at the same moment."""
        try:
            secret = self.read_secret()
        except DecryptionError:
            logger.exception("user %s cannot use codes; recovery codes still work", self.user_id)
            return False
        totp, now = pyotp.TOTP(secret, interval=STEP_SECONDS), int(at.timestamp()) // STEP_SECONDS
        typed = code.replace(" ", "")
        step = next((now + n for n in STEPS_AROUND if secrets.compare_digest(totp.generate_otp(now + n), typed)), None)
        if step is None:
            return False
        # Encrypted anew each time, so that an old SECRET_KEY can be dropped some day.
        fresh = {"last_step": step, "secret": encrypt(secret, purpose=PURPOSE)}
        return Authenticator.objects.filter(pk=self.pk, last_step__lt=step).update(**fresh) == 1

    @transaction.atomic
    def confirm(self, code: str, *, at: datetime) -> list[str] | None:
        """Turns the second step on when the app's code is right; returns the recovery codes, which are shown once."""
        if not self.accepts(code, at=at):
            return None
        if Authenticator.objects.filter(pk=self.pk, confirmed_at=None).update(confirmed_at=at) != 1:
            return None
        AuditEntry.record_about(self.user, "account.two_step_turned_on", by=self.user)
        return RecoveryCode.replace(self.user, at=at)

    @transaction.atomic
    def remove(self, *, by: "User") -> None:
        """Turns it off: the password alone is enough from now on."""
        RecoveryCode.objects.filter(user=self.user).delete()
        n_deleted, _rows = Authenticator.objects.filter(pk=self.pk).delete()
        if n_deleted and self.confirmed_at:
            AuditEntry.record_about(self.user, "account.two_step_turned_off", by=by)


def hash_code(code: str) -> str:
    """SHA-256 in hex of the letters and digits alone. A code has 79 random bits, so a slow hash would add nothing."""
    return hashlib.sha256("".join(filter(str.isalnum, code.lower())).encode()).hexdigest()


class RecoveryCode(models.Model):
    user = models.ForeignKey("portal.User", on_delete=models.CASCADE, related_name="recovery_codes")
    code_hash = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "code_hash"], name="recovery_code_once")]

    def __str__(self) -> str:
        return f"recovery code of {self.user}"

    @classmethod
    @transaction.atomic
    def replace(cls, user: "User", *, at: datetime) -> list[str]:
        """New codes in clear, which cannot be had again; the old ones are good no longer."""
        codes = [_random_code() for _ in range(N_RECOVERY_CODES)]
        cls.objects.filter(user=user).delete()
        RecoveryCode.objects.bulk_create(
            RecoveryCode(user=user, code_hash=hash_code(code), created_at=at) for code in codes
        )
        return codes

    @classmethod
    def use(cls, user: "User", code: str, *, at: datetime) -> bool:
        """Each is good once."""
        return cls.objects.filter(user=user, code_hash=hash_code(code), used_at=None).update(used_at=at) == 1

    @classmethod
    def count_left(cls, user: "User") -> int:
        return cls.objects.filter(user=user, used_at=None).count()


def _random_code() -> str:
    letters = "".join(secrets.choice(CODE_ALPHABET) for _ in range(16))
    return "-".join(letters[start : start + 4] for start in range(0, 16, 4))
