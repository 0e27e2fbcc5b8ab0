"""A score for one of the agent's own runs in LangSmith. It waits here until it was sent or given up."""

import uuid

from django.db import models

from portal.models.scoped import MerchantScoped


class RunFeedback(MerchantScoped):
    # Also its id at LangSmith, so that a second sending changes nothing there.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    run_id = models.UUIDField()
    key = models.CharField(max_length=60)
    source = models.CharField(max_length=120)  # scorer and version, or who labelled
    score = models.FloatField()
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant", "run_id", "key", "source"], name="run_feedback_once")
        ]
        indexes = [
            models.Index(
                fields=["created_at"], name="run_feedback_waits", condition=models.Q(sent_at__isnull=True, error="")
            )
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.score:.2f} of run {self.run_id}"
