"""A customer's request, with what the knowledge base has for it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from pgvector.django import VectorField

from improvement.models.article import Article
from improvement.models.gap import Gap
from portal.embeddings import DIMENSIONS
from portal.models.scoped import MerchantScoped


class Question(MerchantScoped):
    conversation = models.OneToOneField("analytics.Conversation", on_delete=models.CASCADE, related_name="+")
    text = models.TextField()
    asked_at = models.DateTimeField()
    embedding = VectorField(dimensions=DIMENSIONS)
    embedding_model = models.CharField(max_length=60)
    coverage_probability = models.FloatField(null=True)  # null: not judged yet
    is_covered = models.BooleanField(null=True)
    own_probability = models.FloatField(null=True)  # before it listened to its neighbours
    coverage_reasons = ArrayField(models.FloatField(), null=True)  # log odds, as coverage_reasons.Group
    coverage_signals = ArrayField(models.FloatField(), null=True)  # log odds, as agent_signals.Kind
    nearest_article = models.ForeignKey(Article, null=True, on_delete=models.SET_NULL, related_name="+")
    nearest_similarity = models.FloatField(null=True)  # cosine, -1 to 1
    gap = models.ForeignKey(Gap, null=True, on_delete=models.SET_NULL, related_name="questions")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(fields=["merchant", "asked_at"], name="question_asked"),
            models.Index(fields=["gap", "-asked_at"], name="question_gap"),
            # Counts read this alone: a row with its vector fills a fifth of a page.
            models.Index(fields=["merchant", "conversation", "is_covered"], name="question_covered"),
        ]

    def __str__(self) -> str:
        return self.text[:80]
