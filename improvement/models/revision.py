"""One wording of a draft, with its sources and what the checks found. Never changed after it was written."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from improvement.models.draft import Draft


class Writer(models.TextChoices):
    LLM = "llm", _("Written by a language model")
    TEAMMATES = "teammates", _("Assembled from teammates’ answers")
    PERSON = "person", _("Edited by a person")


class DraftRevision(models.Model):
    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    body = models.TextField()  # Markdown with [n] citation marks
    language = models.CharField(max_length=16, default="en")
    writer = models.CharField(max_length=10, choices=Writer.choices)
    author = models.ForeignKey("portal.User", null=True, on_delete=models.SET_NULL, related_name="+")
    # [{"mark": 1, "kind": "teammate" | "article" | "customer", "ref": id of the message, article or question,
    #   "conversation_id": id | null, "quote": str, "also": [ids of conversations with the same words]}]
    citations = models.JSONField(default=list)
    # [{"claim": str, "marks": [int], "support": float, "is_supported": bool}]
    grounding = models.JSONField(default=list)
    # {"n_held_out": int, "covered_before": int, "covered_after": int, "n_neighbours": int, "regressions": int}
    backtest = models.JSONField(default=dict)
    # What the reviewer should know: [{"kind": "disagreement" | "left_out" | "fallback", "text": str}]
    remarks = models.JSONField(default=list)
    llm_call = models.ForeignKey("portal.LlmCall", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["draft", "number"], name="draft_revision_number")]

    def __str__(self) -> str:
        return f"{self.title} (revision {self.number})"

    @property
    def n_unsupported(self) -> int:
        return sum(not claim["is_supported"] for claim in self.grounding)
