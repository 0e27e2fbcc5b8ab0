"""A proposed article. Every edit is a new revision; a review decides on exactly one."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from improvement.models.article import Article
from improvement.models.gap import Gap
from portal.models.scoped import MerchantScoped


class DraftState(models.TextChoices):
    WRITING = "writing", _("Writing")
    IN_REVIEW = "in_review", _("In review")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    PUBLISHED = "published", _("Published")
    FAILED = "failed", _("Failed")


class Writer(models.TextChoices):
    LLM = "llm", _("Language model")
    TEAMMATES = "teammates", _("Assembled from teammates’ answers")
    PERSON = "person", _("Edited by a person")


class Draft(MerchantScoped):
    gap = models.ForeignKey(Gap, on_delete=models.CASCADE, related_name="drafts")
    article = models.ForeignKey(Article, null=True, on_delete=models.SET_NULL, related_name="drafts")
    state = models.CharField(max_length=10, choices=DraftState.choices, default=DraftState.WRITING)
    state_reason = models.CharField(max_length=300, blank=True)
    requested_by = models.ForeignKey("portal.User", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["merchant", "state", "-created_at"], name="draft_list")]

    def __str__(self) -> str:
        return f"Draft {self.pk} · {self.gap.name}"


class DraftRevision(models.Model):
    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    body = models.TextField()  # Markdown with [n] citation marks
    language = models.CharField(max_length=16, default="en")
    writer = models.CharField(max_length=10, choices=Writer.choices)
    author = models.ForeignKey("portal.User", null=True, on_delete=models.SET_NULL, related_name="+")
    # [{"mark": 1, "kind": "teammate" | "article", "ref": id, "conversation_id": id | null, "quote": str}]
    citations = models.JSONField(default=list)
    # [{"claim": str, "marks": [int], "support": float, "is_supported": bool}]
    grounding = models.JSONField(default=list)
    # {"n_held_out": int, "covered_before": int, "covered_after": int, "regressions": int}
    backtest = models.JSONField(default=dict)
    llm_call = models.ForeignKey("portal.LlmCall", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["draft", "number"], name="draft_revision_number")]

    def __str__(self) -> str:
        return f"{self.title} (revision {self.number})"
