"""A file or a help centre on its way into the knowledge base: what was read, what it would change, what it changed."""

from datetime import datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from improvement.errors import RefusedError
from improvement.models.article import Article, Audience
from portal.models.merchant import Merchant
from portal.models.scoped import MerchantScoped


class ImportState(models.TextChoices):
    READING = "reading", _("Being read")
    READY = "ready", _("Waiting for you")
    APPLYING = "applying", _("Being imported")
    DONE = "done", _("Imported")
    FAILED = "failed", _("Failed")
    DISCARDED = "discarded", _("Discarded")


class EntryOutcome(models.TextChoices):
    WAITING = "waiting", _("Not read yet")
    NEW = "new", _("New")
    CHANGED = "changed", _("Changed")
    UNCHANGED = "unchanged", _("Unchanged")
    REFUSED = "refused", _("Refused")
    MISSING = "missing", _("No longer there")


class ArticleImport(MerchantScoped):
    name = models.CharField(max_length=200)  # of the file, or the address of the help centre
    collection = models.CharField(max_length=100)
    language = models.CharField(max_length=16)  # of articles that name none
    audience = models.CharField(max_length=10, choices=Audience.choices)
    upload = models.BinaryField(null=True)  # until it was read
    state = models.CharField(max_length=10, choices=ImportState.choices, default=ImportState.READING)
    state_reason = models.CharField(max_length=300, blank=True)
    archives_missing = models.BooleanField(default=False)
    created_by = models.ForeignKey("portal.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["merchant", "-created_at"], name="article_import_list")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def start(cls, merchant: Merchant, **parts: Any) -> "ArticleImport":
        return cls.objects.create(merchant=merchant, **parts)

    def move(self, wanted: ImportState, state: ImportState, **more: Any) -> bool:
        """False where somebody else was faster."""
        n_moved = ArticleImport.objects.filter(pk=self.pk, state=wanted).update(state=state, **more)
        self.refresh_from_db()
        return bool(n_moved)

    def fail(self, reason: str, *, at: datetime) -> None:
        """Nothing of it is in the knowledge base."""
        self.state, self.state_reason, self.ended_at, self.upload = ImportState.FAILED, reason[:300], at, None
        self.save(update_fields=["state", "state_reason", "ended_at", "upload"])

    def discard(self, *, at: datetime) -> None:
        """Raises RefusedError unless it waits for a decision."""
        if not self.move(ImportState.READY, ImportState.DISCARDED, ended_at=at):
            raise RefusedError(_t("This import was decided on already."))
        self.entries.all().delete()


class ImportEntry(models.Model):
    """One article of the import as it was read, or one thing that could not be read."""

    article_import = models.ForeignKey(ArticleImport, on_delete=models.CASCADE, related_name="entries")
    number = models.PositiveIntegerField()
    place = models.CharField(max_length=500)  # the file, line or address
    outcome = models.CharField(max_length=10, choices=EntryOutcome.choices)
    field = models.CharField(max_length=40, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    external_id = models.CharField(max_length=128, blank=True)
    title = models.CharField(max_length=200, blank=True)
    body = models.TextField(blank=True)
    language = models.CharField(max_length=16, blank=True)
    audience = models.CharField(max_length=10, blank=True)
    tags = ArrayField(models.CharField(max_length=60), default=list)
    source_url = models.CharField(max_length=200, blank=True)
    updated_at = models.DateTimeField(null=True)
    # The article as it was when the preview was made.
    article = models.ForeignKey(Article, null=True, on_delete=models.SET_NULL, related_name="+")
    seen_version = models.PositiveIntegerField(null=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["article_import", "number"], name="import_entry_number")]
        indexes = [models.Index(fields=["article_import", "outcome", "number"], name="import_entry_outcome")]

    def __str__(self) -> str:
        return self.title or self.place
