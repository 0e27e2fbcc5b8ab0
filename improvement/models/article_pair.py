"""Two articles that say the same, or that say different things about the same."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from improvement.models.article import Article
from portal.models.scoped import MerchantScoped


class PairKind(models.TextChoices):
    DUPLICATE = "duplicate", _("Say the same")
    CONTRADICTION = "contradiction", _("Contradict each other")


class PairStatus(models.TextChoices):
    OPEN = "open", _("Open")
    DISMISSED = "dismissed", _("Dismissed")


class ArticlePair(MerchantScoped):
    """`first` is the article with the smaller id, so that a pair is there once."""

    first = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=14, choices=PairKind.choices)
    status = models.CharField(max_length=10, choices=PairStatus.choices, default=PairStatus.OPEN)
    similarity = models.FloatField()  # 0 to 1: the share of the shorter article that the other one has, too
    # [[sentence of the first, sentence of the second, what differs], …], the clearest first
    evidence = models.JSONField(default=list)
    found_at = models.DateTimeField()
    dismissed_by = models.ForeignKey("portal.User", null=True, on_delete=models.SET_NULL, related_name="+")
    dismissed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-similarity", "id"]
        constraints = [models.UniqueConstraint(fields=["first", "second", "kind"], name="article_pair_once")]
        indexes = [models.Index(fields=["merchant", "status", "kind"], name="article_pair_list")]

    def __str__(self) -> str:
        return f"{self.first_id} {self.kind} {self.second_id}"
