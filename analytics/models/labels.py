"""What people say about the quality of conversations: which were asked about, who looks at one now, what was said."""

from collections.abc import Mapping

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from analytics.models.conversation import Conversation
from portal.models.merchant import Merchant
from portal.models.scoped import MerchantScoped


class Stratum(models.TextChoices):
    """Only the random ones say anything about conversations as a whole."""

    RANDOM = "random", _("Random sample")
    TARGETED = "targeted", _("Targeted")


class TargetReason(models.TextChoices):
    """Why a conversation was picked that chance did not draw."""

    UNCERTAIN = "uncertain", _("Score near the border")
    SCORERS_DISAGREE = "scorers_disagree", _("Scorers disagree")
    COMPLAINT = "complaint", _("Complaint or negative reaction")
    LOW_RATING = "low_rating", _("Low rating by the customer")
    ESCALATED_THOUGH_HIGH = "escalated_though_high", _("Escalated although scored high")
    DECLARED = "declared", _("Declared so by who imported it")


class SkipReason(models.TextChoices):
    LANGUAGE = "language", _("A language that I cannot read")
    ACQUAINTANCE = "acquaintance", _("I know the customer or took part")
    NO_REQUEST = "no_request", _("No request in it")
    NOISE = "noise", _("Technical noise")
    OTHER = "other", _("Something else")

    @property
    def holds_for_all(self) -> bool:
        """Nobody else could label it either."""
        return self in (SkipReason.NO_REQUEST, SkipReason.NOISE)


class LabelPlan(models.Model):
    """How many conversations a merchant wants labelled, and which share of the random ones by two people."""

    merchant = models.OneToOneField(Merchant, on_delete=models.CASCADE, primary_key=True, related_name="+")
    n_random = models.PositiveSmallIntegerField(
        _("random conversations kept waiting"), default=20, validators=[MaxValueValidator(500)]
    )
    n_targeted = models.PositiveSmallIntegerField(
        _("targeted conversations kept waiting"), default=10, validators=[MaxValueValidator(500)]
    )
    double_share = models.FloatField(
        _("share of the random ones that two people label"),
        default=0.25,
        validators=[MinValueValidator(0.0), MaxValueValidator(1.0)],
    )
    window_days = models.PositiveSmallIntegerField(
        _("days back from which conversations are drawn"),
        default=28,
        validators=[MinValueValidator(1), MaxValueValidator(365)],
    )

    def __str__(self) -> str:
        return f"{self.n_random} + {self.n_targeted}"


class LabelTask(MerchantScoped):
    """One conversation that people are asked to label. It stays when it is done, with its labels."""

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="label_tasks")
    stratum = models.CharField(max_length=8, choices=Stratum.choices)
    reason = models.CharField(max_length=24, choices=TargetReason.choices, blank=True)
    rubric_version = models.CharField(max_length=20)
    n_reviewers = models.PositiveSmallIntegerField(default=1)
    # Who labelled elsewhere may have seen scores; such labels have tasks of their own.
    is_import = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)  # nobody is asked any more: labelled, skipped or withdrawn
    is_disputed = models.BooleanField(default=False)  # two people differ by half a scale or more
    adjudicated_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "rubric_version", "stratum"], condition=Q(is_import=True), name="label_import"
            ),
            models.UniqueConstraint(
                fields=["conversation", "rubric_version"], condition=Q(is_import=False), name="label_task_once"
            ),
            models.CheckConstraint(condition=Q(n_reviewers__in=(1, 2)), name="label_task_one_or_two"),
        ]
        indexes = [
            models.Index(fields=["merchant", "created_at"], name="label_waiting", condition=Q(closed_at=None)),
            models.Index(
                fields=["merchant"], name="label_disputed", condition=Q(is_disputed=True, adjudicated_at=None)
            ),
        ]

    def __str__(self) -> str:
        return str(self.conversation)


class LabelLease(MerchantScoped):
    """A reviewer has this task on the screen; until `expires_at` its place is taken."""

    task = models.ForeignKey(LabelTask, on_delete=models.CASCADE, related_name="leases")
    reviewer = models.ForeignKey("portal.User", on_delete=models.CASCADE, related_name="+")
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["task", "reviewer"], name="label_lease_once")]
        indexes = [models.Index(fields=["reviewer", "expires_at"], name="label_lease_of")]

    def __str__(self) -> str:
        return f"{self.reviewer}: {self.task}"


class Label(MerchantScoped):
    """One person's marks on one conversation, or why there are none. Values are never changed, only withdrawn."""

    task = models.ForeignKey(LabelTask, on_delete=models.CASCADE, related_name="labels")
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="labels")
    reviewer = models.ForeignKey("portal.User", null=True, on_delete=models.SET_NULL, related_name="+")
    reviewer_name = models.CharField(max_length=160)
    api_key = models.ForeignKey("portal.ApiKey", null=True, on_delete=models.SET_NULL, related_name="+")
    is_import = models.BooleanField(default=False)
    rubric_version = models.CharField(max_length=20)
    # 0-1 each; null where the dimension does not apply.
    helpfulness = models.FloatField(null=True)
    accuracy = models.FloatField(null=True)
    politeness = models.FloatField(null=True)
    completeness = models.FloatField(null=True)
    criteria = models.JSONField(default=dict)  # the merchant's own criteria: key to 0-1 or null
    overall = models.FloatField(null=True)  # the rubric's weighted mean; null where skipped
    skip_reason = models.CharField(max_length=16, choices=SkipReason.choices, blank=True)
    comment = models.CharField(max_length=500, blank=True)
    is_adjudication = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)  # taken back by who gave it; counts no more
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["task", "reviewer"],
                condition=Q(is_adjudication=False, withdrawn_at=None, is_import=False),
                name="label_once_per_reviewer",
            ),
            models.UniqueConstraint(
                fields=["task", "reviewer_name"],
                condition=Q(is_adjudication=False, withdrawn_at=None, is_import=True),
                name="label_import_once",
            ),
            models.UniqueConstraint(
                fields=["task"], condition=Q(is_adjudication=True, withdrawn_at=None), name="label_one_adjudication"
            ),
            models.CheckConstraint(
                condition=Q(overall__isnull=False, skip_reason="") | (Q(overall=None) & ~Q(skip_reason="")),
                name="label_marked_or_skipped",
            ),
        ]
        indexes = [
            models.Index(fields=["merchant", "updated_at", "id"], name="label_updated"),
            models.Index(fields=["merchant", "reviewer", "created_at"], name="label_of_reviewer"),
        ]

    def __str__(self) -> str:
        told = self.get_skip_reason_display() if self.overall is None else f"{self.overall:.2f}"
        return f"{self.reviewer_name}: {told}"

    @property
    def marks(self) -> Mapping[str, float | None]:
        """By dimension, the merchant's own criteria included; None is "not applicable"."""
        own: Mapping[str, float | None] = self.criteria
        return {
            "helpfulness": self.helpfulness,
            "accuracy": self.accuracy,
            "politeness": self.politeness,
            "completeness": self.completeness,
            **own,
        }
