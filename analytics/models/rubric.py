"""What a merchant calls a good answer. Rows are only ever added; the highest number holds, and is named by scores."""

from django.db import models
from django.utils.translation import gettext as _

from portal.models.scoped import MerchantScoped


class RubricVersion(MerchantScoped):
    """A merchant without a row has the house rubric, which is version 1."""

    number = models.PositiveIntegerField()
    # {dimension: whole number 0–100} of the four that are always there; they count in proportion to each other.
    weights = models.JSONField()
    # [{key, label, description, instruction, weight}] of the merchant's own, in order.
    own_criteria = models.JSONField(default=list)
    change_note = models.CharField(max_length=200)
    restored_from = models.PositiveIntegerField(null=True)
    created_by = models.ForeignKey("portal.User", null=True, on_delete=models.SET_NULL, related_name="+")
    api_key = models.ForeignKey("portal.ApiKey", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    # When the scores of earlier versions that hold for this one too had been taken over.
    carried_over_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["merchant", "number"], name="rubric_version_once")]

    def __str__(self) -> str:
        return _("Rubric %(number)s") % {"number": self.number}

    @property
    def version(self) -> str:
        """As scores, labels and calibrations name it."""
        return str(self.number)

    @property
    def who(self) -> str:
        return str(self.created_by or self.api_key or _("a former member"))
