"""Which model's vectors a merchant's questions are compared with, and how that changes in one moment.

Whoever changes a merchant's articles holds the row until the end of the transaction, and so does the move to another
model. So at the moment of the move every article that was saved has vectors of the new model, and whoever saves
afterwards knows of it; and the moments of change are in the order in which the changes are committed.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Max

from improvement.models import Article, SearchState
from portal.embeddings import EmbeddingError, can_embed, model_name
from portal.models import Merchant

_HOLD = "SELECT embedding_model FROM improvement_searchstate WHERE merchant_id = %s FOR UPDATE"


def find_search_model(merchant: Merchant) -> str:
    """That of the vectors that are searched; the model of now where there are none, or none that can be asked."""
    names = SearchState.objects.filter(merchant=merchant).values_list("embedding_model", flat=True)
    live: str | None = names.first()
    return live if live is not None and can_embed(live) else model_name()


def models_to_write(merchant: Merchant) -> list[str]:
    """An article that is saved while the merchant moves to another model is found at once, and after the move, too."""
    return list(dict.fromkeys((find_search_model(merchant), model_name())))


def hold_search_model(merchant: Merchant, written: Collection[str]) -> None:
    """Until the transaction ends no other model becomes that of the search, and nobody else changes articles.

    `written`: the models whose vectors are about to be stored. Raises EmbeddingError, for another try, where the one
    that is searched is not among them any more.
    """
    live = hold_articles(merchant)
    if live not in written and can_embed(live):
        raise EmbeddingError("The embedding model was changed in this very moment; try again.", permanent=False)


def hold_articles(merchant: Merchant) -> str:
    """Nobody else changes this merchant's articles until the transaction ends; gives the model that is searched.

    To be called before any article is locked, so that two writers never wait for each other.
    """
    SearchState.objects.bulk_create(
        [SearchState(merchant=merchant, embedding_model=model_name())], ignore_conflicts=True
    )
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [merchant.pk])
        (live,) = cursor.fetchone() or (model_name(),)
    return str(live)


def next_change_time(merchant: Merchant, now: datetime) -> datetime:
    """For `updated_at`, while the articles are held: later than every change before, whatever the clocks say.

    A client that has read up to one moment has then read all that was committed with an earlier one.
    """
    # Uses the index article_updated.
    latest = Article.objects.for_merchant(merchant).exclude(live_version=None).aggregate(at=Max("updated_at"))["at"]
    return now if latest is None else max(now, latest + timedelta(microseconds=1))
