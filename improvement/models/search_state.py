"""What the search of one merchant's articles goes by."""

from django.db import models


class SearchState(models.Model):
    """The first article makes it. Whoever writes passages holds the row meanwhile (improvement/search_state.py)."""

    merchant = models.OneToOneField("portal.Merchant", on_delete=models.CASCADE, related_name="+", primary_key=True)
    # Whose vectors questions are compared with; those of the next model are prepared beside them.
    embedding_model = models.CharField(max_length=60)

    def __str__(self) -> str:
        return f"{self.merchant_id} searches by {self.embedding_model}"


class WordCount(models.Model):
    """In how many of a large merchant's passages a frequent word is; the others are counted when they are asked for."""

    merchant = models.OneToOneField("portal.Merchant", on_delete=models.CASCADE, related_name="+", primary_key=True)
    n_passages = models.PositiveIntegerField()
    # {"lamp": 812, …}
    frequent = models.JSONField()
    counted_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.merchant_id} has {self.n_passages} passages"
