"""Whether a published article helped: difference in differences of the verified resolution rate."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from improvement.models.article import ArticleVersion
from improvement.models.gap import Gap
from portal.models.scoped import MerchantScoped


class Verdict(models.TextChoices):
    HELPED = "helped", _("Helped")
    NO_CLEAR_EFFECT = "no_clear_effect", _("No clear effect")
    HARMED = "harmed", _("Harmed")
    TOO_EARLY = "too_early", _("Too early to tell")


class Effect(MerchantScoped):
    version = models.OneToOneField(ArticleVersion, on_delete=models.CASCADE, related_name="effect")
    gap = models.ForeignKey(Gap, on_delete=models.CASCADE, related_name="effects")
    verdict = models.CharField(max_length=16, choices=Verdict.choices)
    n_before = models.PositiveIntegerField()
    n_after = models.PositiveIntegerField()
    n_control_before = models.PositiveIntegerField(default=0)
    n_control_after = models.PositiveIntegerField(default=0)
    rate_before = models.FloatField(null=True)
    rate_after = models.FloatField(null=True)
    control_change = models.FloatField(null=True)  # points of the untouched topics, -1 to 1
    change = models.FloatField(null=True)  # difference in differences, -1 to 1
    change_low = models.FloatField(null=True)  # 95 % interval
    change_high = models.FloatField(null=True)
    measured_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.get_verdict_display()} · {self.version}"
