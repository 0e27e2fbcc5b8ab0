"""What a merchant's labels taught the local scorer. Rows are only ever added; the highest number holds."""

from django.db import models

from portal.models.scoped import MerchantScoped


class TrainedScorer(MerchantScoped):
    """One training, whether it taught something or not: `curves` holds the dimensions in which it beat the prior."""

    number = models.PositiveIntegerField()
    # What the features were: curves for others would be read wrongly.
    prior = models.CharField(max_length=20)
    embedding_model = models.CharField(max_length=60)
    rubric_version = models.CharField(max_length=20)
    n_labels = models.PositiveIntegerField()  # conversations
    n_random = models.PositiveIntegerField(null=True)  # of these drawn at random; earlier trainings did not keep it
    # {dimension: {"model": …, "folds": […]}}, each an AdditiveModel as JSON.
    curves = models.JSONField()
    # {conversation id: the fold whose curves have not seen its label}
    fold_of = models.JSONField()
    # {dimension: the figures by which it was decided}, see scorer_training.Comparison and Untaught.
    comparisons = models.JSONField()
    trained_at = models.DateTimeField()

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["merchant", "number"], name="trained_scorer_once")]

    def __str__(self) -> str:
        return f"training {self.name} on {self.n_labels} labels"

    @property
    def name(self) -> str:
        """Of no other merchant's: what is learned of scores of one version is pooled over merchants."""
        return f"{self.merchant_id}.{self.number}"

    @property
    def took_over(self) -> list[str]:
        """The dimensions in which labels beat the prior."""
        return [name for name, found in self.comparisons.items() if found["is_better"]]
