"""The knowledge base: an article, its versions, and the chunks of the live version with their vectors."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from pgvector.django import VectorField

from portal.embeddings import DIMENSIONS
from portal.models.scoped import MerchantScoped


class ArticleStatus(models.TextChoices):
    PUBLISHED = "published", _("Published")
    ARCHIVED = "archived", _("Archived")


class Article(MerchantScoped):
    external_id = models.CharField(max_length=128)
    title = models.CharField(max_length=200)
    language = models.CharField(max_length=16, default="en")
    tags = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    source_url = models.URLField(blank=True)
    status = models.CharField(max_length=10, choices=ArticleStatus.choices, default=ArticleStatus.PUBLISHED)
    live_version = models.ForeignKey("ArticleVersion", null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField()  # of this row, so that a client can page by it; the text's is its version's

    class Meta:
        ordering = ["title"]
        constraints = [models.UniqueConstraint(fields=["merchant", "external_id"], name="article_external_id")]
        indexes = [models.Index(fields=["merchant", "updated_at", "id"], name="article_updated")]

    def __str__(self) -> str:
        return self.title

    def get_live_version(self) -> "ArticleVersion":
        """Every saved article has one; only the first moment of its making is without."""
        if self.live_version is None:
            raise ArticleVersion.DoesNotExist
        return self.live_version


class ArticleVersion(models.Model):
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    body = models.TextField()  # Markdown
    # The approved revision that this version is, word for word; null for imported and hand-written ones.
    revision = models.OneToOneField("DraftRevision", null=True, on_delete=models.PROTECT, related_name="version")
    published_by = models.ForeignKey("portal.User", null=True, on_delete=models.SET_NULL, related_name="+")
    published_at = models.DateTimeField()

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["article", "number"], name="article_version_number")]

    def __str__(self) -> str:
        return f"{self.title} (version {self.number})"


class Chunk(MerchantScoped):
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="chunks")
    position = models.PositiveSmallIntegerField()
    text = models.TextField()
    embedding = VectorField(dimensions=DIMENSIONS)
    embedding_model = models.CharField(max_length=60)

    class Meta:
        ordering = ["article", "position"]
        constraints = [
            models.UniqueConstraint(fields=["article", "position", "embedding_model"], name="chunk_position")
        ]
        indexes = [models.Index(fields=["merchant", "embedding_model"], name="chunk_merchant")]

    def __str__(self) -> str:
        return self.text[:60]
