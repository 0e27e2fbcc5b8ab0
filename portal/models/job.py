"""Progress of one piece of background work, shown on the page that started it."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.models.merchant import Merchant
from portal.models.scoped import MerchantScoped

if TYPE_CHECKING:
    from portal.models.user import User


class JobState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


class Job(MerchantScoped):
    kind = models.CharField(max_length=40)
    target_id = models.BigIntegerField(null=True)
    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.WAITING)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    message = models.CharField(max_length=300, blank=True)
    started_by = models.ForeignKey("portal.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["merchant", "kind", "-created_at"], name="job_latest")]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"

    @classmethod
    def start(cls, merchant: Merchant, kind: str, *, by: "User | None" = None, target_id: int | None = None) -> "Job":
        return cls.objects.create(merchant=merchant, kind=kind, started_by=by, target_id=target_id)

    @classmethod
    def find_unsettled(cls, merchant: Merchant, kind: str, *, done_since: datetime | None = None) -> "Job | None":
        """The latest of its kind, if it runs now, or failed and was not repeated, or was done after `done_since`."""
        latest: Job | None = cls.objects.for_merchant(merchant).select_related("merchant").filter(kind=kind).first()
        if latest is None or latest.is_active or latest.state == JobState.FAILED:
            return latest
        is_news = done_since is not None and latest.ended_at is not None and latest.ended_at > done_since
        return latest if is_news else None

    @property
    def is_active(self) -> bool:
        return self.state in (JobState.WAITING, JobState.RUNNING)

    @property
    def percent(self) -> int:
        return round(100 * self.done / self.total) if self.total else 0

    def report(self, done: int, total: int, message: str = "") -> None:
        self.state, self.done, self.total, self.message = JobState.RUNNING, done, total, message[:300]
        self.save(update_fields=["state", "done", "total", "message"])

    def finish(self, message: str = "", *, at: datetime) -> None:
        self.state, self.message, self.ended_at = JobState.DONE, message[:300], at
        self.save(update_fields=["state", "message", "ended_at"])

    def fail(self, message: str, *, at: datetime) -> None:
        self.state, self.message, self.ended_at = JobState.FAILED, message[:300], at
        self.save(update_fields=["state", "message", "ended_at"])
