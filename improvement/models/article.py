"""The knowledge base: an article, its versions, and the chunks of the live version with their vectors."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.utils.translation import gettext_lazy as _
from pgvector.django import VectorField

from improvement.word_configs import PLAIN, STEMMED
from portal.embeddings import DIMENSIONS
from portal.models.scoped import MerchantScoped


class ArticleStatus(models.TextChoices):
    PUBLISHED = "published", _("Published")
    ARCHIVED = "archived", _("Archived")


class Audience(models.TextChoices):
    PUBLIC = "public", _("Everybody")
    CUSTOMERS = "customers", _("Signed-in customers")
    INTERNAL = "internal", _("Your team only")


# What the agent may answer from unless it asks for more, and so what covers a customer's question.
SHARED = (Audience.PUBLIC, Audience.CUSTOMERS)


class Article(MerchantScoped):
    external_id = models.CharField(max_length=128)
    title = models.CharField(max_length=200)
    language = models.CharField(max_length=16, default="en")
    tags = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    source_url = models.URLField(blank=True)
    audience = models.CharField(max_length=10, choices=Audience.choices, default=Audience.PUBLIC)
    # Whether the agent was ever given it: then it must be told when the article is for the team alone.
    was_shared = models.BooleanField(default=True)
    # What it was imported from, such as a help centre's host; empty for what was written here or sent over REST.
    collection = models.CharField(max_length=100, blank=True)
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
    heading = models.TextField(blank=True)  # the headings above it, from the outside in: "Returns › Abroad"
    text = models.TextField()
    word_config = models.CharField(max_length=20, default=PLAIN)  # improvement/word_configs.py
    # Kept by the database itself, so that no way of writing can forget it.
    words = models.GeneratedField(
        expression=models.Case(
            *(models.When(word_config=name, then=SearchVector("heading", "text", config=name)) for name in STEMMED),
            default=SearchVector("heading", "text", config=PLAIN),
        ),
        output_field=SearchVectorField(),
        db_persist=True,
    )
    embedding = VectorField(dimensions=DIMENSIONS)
    embedding_model = models.CharField(max_length=60)

    class Meta:
        ordering = ["article", "position"]
        constraints = [
            models.UniqueConstraint(fields=["article", "position", "embedding_model"], name="chunk_position")
        ]
        indexes = [
            models.Index(fields=["merchant", "embedding_model"], name="chunk_merchant"),
            # With the merchant in it: the words of all others are not looked at.
            GinIndex(fields=["merchant", "words"], name="chunk_words"),
        ]

    def __str__(self) -> str:
        return self.text[:60]
