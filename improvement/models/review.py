"""One decision on one revision of a draft."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from improvement.models.draft import Draft, DraftRevision
from portal.models.scoped import MerchantScoped


class Decision(models.TextChoices):
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")


class Review(MerchantScoped):
    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="reviews")
    revision = models.OneToOneField(DraftRevision, on_delete=models.PROTECT, related_name="review")
    decision = models.CharField(max_length=10, choices=Decision.choices)
    comment = models.TextField(blank=True)
    reviewer = models.ForeignKey("portal.User", null=True, on_delete=models.SET_NULL, related_name="+")
    seconds_spent = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.decision} {self.revision}"
