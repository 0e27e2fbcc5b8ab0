"""Questions of one topic that the knowledge base does not answer."""

from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from pgvector.django import VectorField

from improvement.errors import DraftInProgressError
from portal.embeddings import DIMENSIONS
from portal.models import AuditEntry
from portal.models.scoped import MerchantScoped

if TYPE_CHECKING:
    from improvement.models.draft import Draft
    from portal.models import User


class GapStatus(models.TextChoices):
    OPEN = "open", _("Open")
    DRAFTING = "drafting", _("Drafting")
    IN_REVIEW = "in_review", _("In review")
    ADDRESSED = "addressed", _("Addressed")
    DISMISSED = "dismissed", _("Dismissed")
    REOPENED = "reopened", _("Reopened")


class Priority(models.TextChoices):
    HIGH = "high", _("High")
    MEDIUM = "medium", _("Medium")
    LOW = "low", _("Low")


class Gap(MerchantScoped):
    name = models.CharField(max_length=160)
    is_renamed = models.BooleanField(default=False)  # a person's name for it survives re-runs
    keyphrases = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    status = models.CharField(max_length=10, choices=GapStatus.choices, default=GapStatus.OPEN)
    status_reason = models.CharField(max_length=300, blank=True)
    centroid = VectorField(dimensions=DIMENSIONS)
    embedding_model = models.CharField(max_length=60)
    n_questions = models.PositiveIntegerField(default=0)
    # The factors of impact (metrics.md, Gaps) and their product.
    questions_per_week = models.FloatField(default=0)
    verified_resolution_rate = models.FloatField(null=True)
    text_answerable_share = models.FloatField(default=1)
    impact_per_week = models.FloatField(default=0)  # questions per week
    money_per_week = models.DecimalField(max_digits=12, decimal_places=2, default=0)  # merchant's currency
    priority = models.CharField(max_length=8, choices=Priority.choices, default=Priority.LOW)
    first_asked_at = models.DateTimeField()
    last_asked_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-impact_per_week", "id"]
        indexes = [models.Index(fields=["merchant", "status", "-impact_per_week"], name="gap_list")]

    def __str__(self) -> str:
        return self.name

    def request_draft(self, *, by: "User | None") -> "Draft":
        """Starts the writing of an article on commit. Raises DraftInProgressError where one is on its way already."""
        with transaction.atomic():
            wanted = Gap.objects.filter(pk=self.pk, status__in=(GapStatus.OPEN, GapStatus.REOPENED))
            if wanted.update(status=GapStatus.DRAFTING, status_reason="", updated_at=timezone.now()) != 1:
                self.refresh_from_db(fields=["status"])
                raise DraftInProgressError(
                    _t("No new draft was started: this gap is %(status)s.")
                    % {"status": self.get_status_display().lower()}
                )
            self.refresh_from_db(fields=["status", "status_reason", "updated_at"])
            draft: Draft = self.drafts.create(merchant=self.merchant, requested_by=by)
            AuditEntry.record(self.merchant, "gap.draft_requested", by=by, on=self, detail={"draft": draft.pk})
            draft.start_writing(by=by)
        return draft

    def move_to(self, status: GapStatus, reason: str = "") -> None:
        self.status, self.status_reason = status, reason[:300]
        self.save(update_fields=["status", "status_reason", "updated_at"])

    def open_again(self, reason: str = "") -> None:
        """Open, or reopened where an article was once published for it."""
        was_published = self.drafts.filter(reviews__published_at__isnull=False).exists()
        self.move_to(GapStatus.REOPENED if was_published else GapStatus.OPEN, reason)
