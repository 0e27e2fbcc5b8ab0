"""Two articles that say the same, or that say different things about the same."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from improvement.models.article import Article
from portal.models import AuditEntry
from portal.models.scoped import MerchantScoped

if TYPE_CHECKING:
    from portal.models import User


class PairKind(models.TextChoices):
    DUPLICATE = "duplicate", _("Say the same")
    CONTRADICTION = "contradiction", _("Contradict each other")


class PairStatus(models.TextChoices):
    OPEN = "open", _("Open")
    DISMISSED = "dismissed", _("Dismissed")


class ArticleComparison(models.Model):
    """How far a merchant's articles were compared with each other."""

    merchant = models.OneToOneField("portal.Merchant", on_delete=models.CASCADE, related_name="+", primary_key=True)
    compared_to = models.DateTimeField()  # the last change of an article that was seen

    def __str__(self) -> str:
        return f"{self.merchant_id} compared to {self.compared_to}"


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
        return f"{self.first} / {self.second}"

    def dismiss(self, *, by: "User", at: datetime) -> None:
        """Stays dismissed until what was found about the two changes. Doing it twice changes nothing."""
        with transaction.atomic():
            rows = ArticlePair.objects.filter(pk=self.pk, status=PairStatus.OPEN)
            if rows.update(status=PairStatus.DISMISSED, dismissed_by=by, dismissed_at=at) == 1:
                AuditEntry.record(self.merchant, "article_pair.dismissed", by=by, on=self)
        self.refresh_from_db(fields=["status"])

    def reopen(self, *, by: "User") -> None:
        with transaction.atomic():
            rows = ArticlePair.objects.filter(pk=self.pk, status=PairStatus.DISMISSED)
            if rows.update(status=PairStatus.OPEN, dismissed_by=None, dismissed_at=None) == 1:
                AuditEntry.record(self.merchant, "article_pair.reopened", by=by, on=self)
        self.refresh_from_db(fields=["status"])
