"""One decision on one revision of a draft."""

from django.db import models

from improvement.models.decision import Decision
from improvement.models.draft import Draft
from improvement.models.revision import DraftRevision
from portal.models.scoped import MerchantScoped


class Review(MerchantScoped):
    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="reviews")
    revision = models.OneToOneField(DraftRevision, on_delete=models.PROTECT, related_name="review")
    decision = models.CharField(max_length=10, choices=Decision.choices)
    comment = models.TextField(blank=True)
    reviewer = models.ForeignKey("portal.User", null=True, on_delete=models.SET_NULL, related_name="+")
    # Set where a REST client decided; then there is no reviewer.
    api_key = models.ForeignKey("portal.ApiKey", null=True, on_delete=models.SET_NULL, related_name="+")
    seconds_spent = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    # When the approved text went live; null while it waits for that.
    published_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.decision} {self.revision}"

    @property
    def reviewer_name(self) -> str:
        return str(self.reviewer or self.api_key or "—")

    @property
    def is_of_own_edit(self) -> bool:
        """Allowed, because a small team has one reviewer; but shown, and in the audit trail."""
        return self.reviewer_id is not None and self.reviewer_id == self.revision.author_id
