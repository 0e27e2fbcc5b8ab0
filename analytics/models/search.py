"""The words of conversations for text search, written behind the events so that taking them in stays fast."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from analytics.models.conversation import Conversation
from portal.models.merchant import Merchant
from portal.models.scoped import MerchantScoped, MerchantScopedQuerySet


class SearchText(MerchantScoped):
    """`words` also holds one lexeme of merchant and month, by which the index leads to few rows (search_index.py)."""

    conversation = models.OneToOneField(Conversation, on_delete=models.CASCADE, related_name="+", primary_key=True)
    words = SearchVectorField()

    class Meta:
        indexes = [GinIndex(fields=["words"], name="search_words")]

    def __str__(self) -> str:
        return f"words of conversation {self.conversation_id}"


class SearchProgress(models.Model):
    """Conversations up to this `updated_at` and id have their words in the index."""

    merchant = models.OneToOneField(Merchant, on_delete=models.CASCADE, related_name="+", primary_key=True)
    updated_at = models.DateTimeField(null=True)
    conversation_id = models.BigIntegerField(default=0)

    objects = MerchantScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.merchant} to {self.updated_at}"
