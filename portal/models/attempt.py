"""Tries at a door that must not be tried too often: failed sign-ins, requests for a new password."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models


@dataclass(frozen=True, slots=True)
class Limit:
    """No more than `n` tries within `window` for one key."""

    kind: str
    n: int
    window: timedelta


class Attempt(models.Model):
    """Kept in the database, not in a cache: the limit holds over all web processes and a restart."""

    kind = models.CharField(max_length=20)
    key_hash = models.CharField(max_length=64)  # an address or an IP, hashed: the table is no list of who tried
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["kind", "key_hash", "at"], name="attempt_recent")]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M:%S}"

    @staticmethod
    def _hash(key: str) -> str:
        return hashlib.sha256(key.strip().lower().encode()).hexdigest()

    @classmethod
    def record(cls, limit: Limit, key: str, *, at: datetime) -> None:
        """Also forgets what no limit looks at any more."""
        cls.objects.filter(kind=limit.kind, at__lte=at - limit.window).delete()
        cls.objects.create(kind=limit.kind, key_hash=cls._hash(key), at=at)

    @classmethod
    def find_wait(cls, limit: Limit, key: str, *, now: datetime) -> timedelta | None:
        """How long this key has to wait; None while it is below the limit."""
        recent = cls.objects.filter(kind=limit.kind, key_hash=cls._hash(key), at__gt=now - limit.window)
        moments = list(recent.order_by("-at").values_list("at", flat=True)[: limit.n])
        return moments[-1] + limit.window - now if len(moments) == limit.n else None

    @classmethod
    def forget(cls, limit: Limit, key: str) -> None:
        cls.objects.filter(kind=limit.kind, key_hash=cls._hash(key)).delete()
