"""How good an answer was, by one scorer in one version. Scores of two versions are never averaged."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from analytics.models.conversation import Conversation
from portal.models.scoped import MerchantScoped


class Scorer(models.TextChoices):
    LLM = "llm", _("Language model judge")
    LOCAL = "local", _("Local scorer")


class QualityScore(MerchantScoped):
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="scores")
    scorer = models.CharField(max_length=8, choices=Scorer.choices)
    scorer_version = models.CharField(max_length=60)
    rubric_version = models.CharField(max_length=20)
    overall = models.FloatField()
    # 0-1 each; null where the dimension does not apply.
    helpfulness = models.FloatField(null=True)
    accuracy = models.FloatField(null=True)
    politeness = models.FloatField(null=True)
    completeness = models.FloatField(null=True)
    # {key of an own criterion: 0-1, or null where it does not apply}; empty for a scorer that cannot judge them.
    criteria = models.JSONField(default=dict)
    rationale = models.TextField()
    quotes = models.JSONField(default=list)
    contributions = models.JSONField(default=dict)
    llm_call = models.ForeignKey("portal.LlmCall", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    # The conversation's `updated_at` when it was read; a later one means that the score is of an older state.
    read_state_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "scorer", "scorer_version", "rubric_version"], name="score_once_per_version"
            )
        ]
        indexes = [
            models.Index(fields=["merchant", "created_at", "id"], name="score_updated"),
            models.Index(fields=["merchant", "scorer_version", "overall"], name="score_worst"),
        ]

    def __str__(self) -> str:
        return f"{self.overall:.2f} ({self.scorer} {self.scorer_version})"


class ScoreAttempt(MerchantScoped):
    """A conversation that a scorer could not score yet: why, how often it was tried, and when it may be tried again.

    The row is also the claim on the conversation while a model reads it, so that two workers never pay for one score.
    It goes when the score comes.
    """

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="score_attempts")
    scorer = models.CharField(max_length=8, choices=Scorer.choices)
    scorer_version = models.CharField(max_length=60)
    rubric_version = models.CharField(max_length=20)
    n_attempts = models.PositiveSmallIntegerField(default=1)
    error = models.CharField(max_length=300, blank=True)
    is_final = models.BooleanField(default=False)
    claimed_until = models.DateTimeField()  # or, after a failure, the earliest next attempt

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "scorer", "scorer_version", "rubric_version"], name="score_attempt_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.scorer} {self.n_attempts}: {self.error}"
