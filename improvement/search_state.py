"""Which model's vectors a merchant's questions are compared with, and how that changes in one moment.

A writer holds the row while it writes; the move to another model takes it for itself. So at the moment of the move
every article that was saved has vectors of the new model, and whoever saves afterwards knows of it.
"""

from collections.abc import Collection

from django.db import connection

from improvement.models import SearchState
from portal.embeddings import EmbeddingError, can_embed, model_name
from portal.models import Merchant

_HOLD = "SELECT embedding_model FROM improvement_searchstate WHERE merchant_id = %s FOR SHARE"


def find_search_model(merchant: Merchant) -> str:
    """That of the vectors that are searched; the model of now where there are none, or none that can be asked."""
    names = SearchState.objects.filter(merchant=merchant).values_list("embedding_model", flat=True)
    live: str | None = names.first()
    return live if live is not None and can_embed(live) else model_name()


def models_to_write(merchant: Merchant) -> list[str]:
    """An article that is saved while the merchant moves to another model is found at once, and after the move, too."""
    return list(dict.fromkeys((find_search_model(merchant), model_name())))


def hold_search_model(merchant: Merchant, written: Collection[str]) -> None:
    """Until the transaction ends no other model becomes that of the search.

    `written`: the models whose vectors are about to be stored. Raises EmbeddingError, for another try, where the one
    that is searched is not among them any more.
    """
    SearchState.objects.bulk_create(
        [SearchState(merchant=merchant, embedding_model=model_name())], ignore_conflicts=True
    )
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [merchant.pk])
        (live,) = cursor.fetchone() or (model_name(),)
    if live not in written and can_embed(live):
        raise EmbeddingError("The embedding model was changed in this very moment; try again.", permanent=False)
