"""A recount that has not ended: how far it came. The row goes when it has."""

from datetime import datetime, timedelta

from django.db import models

from portal.models.merchant import Merchant
from portal.models.scoped import MerchantScopedQuerySet

# Without a sign of life for so long, its worker is gone and another one may go on.
HELD_FOR = timedelta(minutes=15)


class Recount(models.Model):
    merchant = models.OneToOneField(Merchant, on_delete=models.CASCADE, related_name="+", primary_key=True)
    after = models.CharField(max_length=128, blank=True)  # the last thread that was counted
    # Of which conversations, by their start; null: of all.
    start = models.DateTimeField(null=True)
    end = models.DateTimeField(null=True)
    n_threads = models.PositiveIntegerField(default=0)
    n_changed = models.PositiveIntegerField(default=0)
    held_at = models.DateTimeField(null=True)  # the last sign of life; null: stopped by an error

    objects = MerchantScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.merchant}: {self.n_threads} threads counted"

    def is_held(self, at: datetime) -> bool:
        return self.held_at is not None and self.held_at > at - HELD_FOR

    def advance(self, thread: str, *, n_threads: int, n_changed: int, at: datetime) -> None:
        self.after, self.held_at = thread, at
        self.n_threads, self.n_changed = self.n_threads + n_threads, self.n_changed + n_changed
        self.save()
