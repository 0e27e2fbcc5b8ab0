"""How far the questions of a merchant were read, and what the gaps were last computed from."""

from django.db import models

from portal.models.merchant import Merchant


class Reading(models.Model):
    merchant = models.OneToOneField(Merchant, on_delete=models.CASCADE, related_name="+", primary_key=True)
    read_to = models.DateTimeField(null=True)  # conversations' updated_at
    embedding_model = models.CharField(max_length=60, blank=True)
    computed_from = models.CharField(max_length=64, blank=True)  # hash; equal inputs are not computed again
    refreshed_at = models.DateTimeField(null=True)
    clustered_at = models.DateTimeField(null=True)  # when the groups were last found anew, not only added to
    # Of the questions that gaps were last found in; counting them again takes a page too long.
    n_judged = models.PositiveIntegerField(default=0)
    n_covered = models.PositiveIntegerField(default=0)
    # What coverage was last learned, from what and when (judging.py); null: never.
    learned = models.JSONField(null=True)

    def __str__(self) -> str:
        return f"{self.merchant} read to {self.read_to}"
