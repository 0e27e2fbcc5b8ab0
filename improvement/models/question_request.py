"""One of several requests in a message. A message with a single request has no such rows."""

from django.db import models
from pgvector.django import VectorField

from improvement.models.question import Question
from portal.embeddings import DIMENSIONS
from portal.models.scoped import MerchantScoped


class QuestionRequest(MerchantScoped):
    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="requests")
    position = models.PositiveSmallIntegerField()
    text = models.TextField()
    embedding = VectorField(dimensions=DIMENSIONS)  # of the model that its question names
    coverage_probability = models.FloatField(null=True)  # null: not judged yet

    class Meta:
        ordering = ["question", "position"]
        constraints = [models.UniqueConstraint(fields=["question", "position"], name="question_request_once")]

    def __str__(self) -> str:
        return self.text[:80]
