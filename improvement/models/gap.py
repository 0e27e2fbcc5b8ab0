"""Questions of one topic that the knowledge base does not answer."""

from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from pgvector.django import VectorField

from improvement.errors import DraftInProgressError, RefusedError
from portal.embeddings import DIMENSIONS
from portal.models import ApiKey, AuditEntry
from portal.models.scoped import MerchantScoped
from portal.templatetags.formats import in_sentence

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


class Dismissal(models.TextChoices):
    """Only the first counts against the precision of the search (metrics.md, Gaps)."""

    NOT_A_GAP = "not_a_gap", _("Not a gap: the articles answer it, or it is no question for them")
    WILL_NOT_WRITE = "will_not_write", _("A gap, but no article shall be written")


class Priority(models.TextChoices):
    HIGH = "high", _("High")
    MEDIUM = "medium", _("Medium")
    LOW = "low", _("Low")


class Lack(models.TextChoices):
    """Why the knowledge base does not answer (gap_lack.py)."""

    MISSING = "missing", _("No article")
    STALE = "stale", _("Article out of date")
    CONTRADICTORY = "contradictory", _("Articles disagree")
    NEEDS_ACTION = "needs_action", _("Needs data or an action")


class Recurrence(models.TextChoices):
    """Why customers still ask what an article was published for (gap_reopening.py)."""

    NOT_RETRIEVED = "not_retrieved", _("The agent did not find the article")
    RETRIEVED_WRONG = "retrieved_wrong", _("The agent used the article and it did not help")
    OUT_OF_DATE = "out_of_date", _("The article is out of date")
    ARCHIVED = "archived", _("The article was archived")


class Trend(models.TextChoices):
    RISING = "rising", _("Rising")
    FALLING = "falling", _("Falling")


class Gap(MerchantScoped):
    name = models.CharField(max_length=160)
    is_renamed = models.BooleanField(default=False)  # a person's name for it survives re-runs
    keyphrases = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    status = models.CharField(max_length=10, choices=GapStatus.choices, default=GapStatus.OPEN)
    status_reason = models.CharField(max_length=300, blank=True)
    dismissal = models.CharField(max_length=16, choices=Dismissal.choices, blank=True)
    recurrence = models.CharField(max_length=16, choices=Recurrence.choices, blank=True)  # of a reopened one
    lack = models.CharField(max_length=16, choices=Lack.choices, default=Lack.MISSING)
    lack_evidence = models.JSONField(default=dict, blank=True)  # numbers, by gap_lack.py
    merged_into = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="merged")
    centroid = VectorField(dimensions=DIMENSIONS)
    embedding_model = models.CharField(max_length=60)
    # How near to the centre its questions lie: only one in ten is farther. Null: not known yet.
    spread = models.FloatField(null=True)
    n_questions = models.PositiveIntegerField(default=0)
    # The factors of impact (metrics.md, Gaps) and their product.
    questions_per_week = models.FloatField(default=0)
    verified_resolution_rate = models.FloatField(null=True)
    text_answerable_share = models.FloatField(default=1)
    impact_per_week = models.FloatField(default=0)  # questions per week
    money_per_week = models.DecimalField(max_digits=12, decimal_places=2, default=0)  # merchant's currency
    priority = models.CharField(max_length=8, choices=Priority.choices, default=Priority.LOW)
    # Questions in each of the last twelve weeks, oldest first; a trend only where they change beyond chance.
    weekly_counts = ArrayField(models.PositiveIntegerField(), default=list, blank=True)
    trend = models.CharField(max_length=8, choices=Trend.choices, blank=True)
    # Where and in which languages it was asked in the last half year, for the list's filters.
    channels = ArrayField(models.CharField(max_length=16), default=list, blank=True)
    languages = ArrayField(models.CharField(max_length=16), default=list, blank=True)
    first_asked_at = models.DateTimeField()
    last_asked_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-impact_per_week", "id"]
        indexes = [models.Index(fields=["merchant", "status", "-impact_per_week"], name="gap_list")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        return self.status in (GapStatus.OPEN, GapStatus.REOPENED)

    @property
    def is_in_work(self) -> bool:
        return self.status in (GapStatus.DRAFTING, GapStatus.IN_REVIEW)

    def request_draft(self, *, by: "User | None") -> "Draft":
        """Starts the writing of an article on commit. Raises DraftInProgressError where one is on its way already."""
        with transaction.atomic():
            wanted = Gap.objects.filter(pk=self.pk, status__in=(GapStatus.OPEN, GapStatus.REOPENED), merged_into=None)
            if wanted.update(status=GapStatus.DRAFTING, status_reason="", updated_at=timezone.now()) != 1:
                self.refresh_from_db(fields=["status"])
                raise DraftInProgressError(
                    _t("No new draft was started: this gap is %(status)s.")
                    % {"status": in_sentence(self.get_status_display())}
                )
            self.refresh_from_db(fields=["status", "status_reason", "updated_at"])
            draft: Draft = self.drafts.create(merchant=self.merchant, requested_by=by)
            AuditEntry.record(self.merchant, "gap.draft_requested", by=by, on=self, detail={"draft": draft.pk})
            draft.start_writing(by=by)
        return draft

    def rename(self, name: str, *, by: "User | None", via: ApiKey | None = None) -> None:
        """The name stays from now on, whatever the questions become. Raises RefusedError without one."""
        name = " ".join(name.split())[:160]
        if not name:
            raise RefusedError(_t("A gap needs a name."))
        if name == self.name:
            return
        with transaction.atomic():
            AuditEntry.record(self.merchant, "gap.renamed", by=by, on=self, detail={"to": name}, via=via)
            self.name, self.is_renamed = name, True
            self.save(update_fields=["name", "is_renamed", "updated_at"])

    def dismiss(self, *, by: "User | None", dismissal: Dismissal, reason: str = "", via: ApiKey | None = None) -> None:
        """Takes it off the list; its questions stay with it. Raises RefusedError where it is not open."""
        reason = reason.strip()
        with transaction.atomic():
            self._claim((GapStatus.OPEN, GapStatus.REOPENED), GapStatus.DISMISSED, reason, dismissal=dismissal)
            detail = {"dismissal": dismissal.value, "reason": reason}
            AuditEntry.record(self.merchant, "gap.dismissed", by=by, on=self, detail=detail, via=via)

    def reopen(self, *, by: "User | None", via: ApiKey | None = None) -> None:
        """Back on the list. Raises RefusedError unless it was dismissed or addressed."""
        with transaction.atomic():
            self._claim((GapStatus.DISMISSED, GapStatus.ADDRESSED), GapStatus.REOPENED, "", dismissal="")
            AuditEntry.record(self.merchant, "gap.reopened", by=by, on=self, via=via)

    def _claim(self, wanted: tuple[GapStatus, ...], status: GapStatus, reason: str, *, dismissal: str) -> None:
        """Whoever comes second is told so."""
        found = Gap.objects.filter(pk=self.pk, status__in=wanted, merged_into=None)
        now = timezone.now()
        if (
            found.update(status=status, status_reason=reason[:300], dismissal=dismissal, recurrence="", updated_at=now)
            != 1
        ):
            self.refresh_from_db(fields=["status"])
            message = _t("Nothing was changed: this gap is %(status)s.")
            raise RefusedError(message % {"status": in_sentence(self.get_status_display())})
        self.refresh_from_db(fields=["status", "status_reason", "dismissal", "recurrence", "updated_at"])

    def move_to(self, status: GapStatus, reason: str = "") -> None:
        self.status, self.status_reason = status, reason[:300]
        self.save(update_fields=["status", "status_reason", "updated_at"])

    def open_again(self, reason: str = "") -> None:
        """Open, or reopened where an article was once published for it."""
        was_published = self.drafts.filter(reviews__published_at__isnull=False).exists()
        self.move_to(GapStatus.REOPENED if was_published else GapStatus.OPEN, reason)
