"""A person's word on whether the knowledge base answers a question. The newest one of a question counts."""

from django.db import models

from improvement.models.question import Question
from portal.models.scoped import MerchantScoped


class QuestionMark(MerchantScoped):
    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="marks")
    is_covered = models.BooleanField()
    by = models.ForeignKey("portal.User", null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["merchant", "question", "-at"], name="question_mark_newest")]

    def __str__(self) -> str:
        return f"{self.question_id} {'covered' if self.is_covered else 'not covered'}"
