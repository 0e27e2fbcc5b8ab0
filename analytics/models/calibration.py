"""How one scorer in one version agrees with people, and what its scores mean on their scale."""

from django.db import models
from django.db.models import Q

from analytics.models.quality import Scorer
from portal.models.scoped import MerchantScoped


class Calibration(MerchantScoped):
    """One measurement of one series and dimension. A new one takes over when labels have changed; the older ones stay
    as its history. With the same labels and more scores the standing one is measured anew in its place."""

    scorer = models.CharField(max_length=8, choices=Scorer.choices)
    scorer_version = models.CharField(max_length=60)
    rubric_version = models.CharField(max_length=20)
    dimension = models.CharField(max_length=60)  # a criterion's key, or "overall"
    is_latest = models.BooleanField(default=True)
    n = models.IntegerField()  # conversations of the random sample with a label and a score
    is_provisional = models.BooleanField()
    # analytics.corrections.Correction; null below MIN_TO_MAP labels.
    correction = models.JSONField(null=True)
    # analytics.calibration.Line, for the pool of all merchants; null as above.
    line = models.JSONField(null=True)
    # analytics.calibrating.Findings: what the page shows.
    findings = models.JSONField()
    computed_at = models.DateTimeField()
    labels_hash = models.CharField(max_length=64)
    computed_from = models.CharField(max_length=64)  # hash of labels, scores and prior

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "scorer", "scorer_version", "rubric_version", "dimension"],
                condition=Q(is_latest=True),
                name="calibration_latest",
            )
        ]
        indexes = [
            models.Index(fields=["merchant", "dimension", "computed_at"], name="calibration_history"),
            models.Index(
                fields=["scorer", "scorer_version", "dimension"], name="calibration_pool", condition=Q(is_latest=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scorer} {self.scorer_version} {self.dimension}: n = {self.n}"

    @property
    def series(self) -> tuple[str, str, str]:
        return self.scorer, self.scorer_version, self.rubric_version
