"""Moves a merchant's articles to the embedding model of now, while the search goes on with the one before.

The new vectors are written beside the old ones, which leave when every article has new ones. Until then questions are
embedded with the old model (`find_search_model`), so that two models are never compared and nothing is missing.
"""

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, QuerySet

from improvement.article_passages import ARTICLES_AT_ONCE, Report, add_chunks, embed_for, ignore
from improvement.models import Article, ArticleStatus, Chunk
from portal.embeddings import can_embed, model_name
from portal.models import Merchant


def without_passages(merchant: Merchant, model: str) -> "QuerySet[Article]":
    ready = Chunk.objects.filter(article=OuterRef("pk"), embedding_model=model)
    articles = Article.objects.for_merchant(merchant).filter(~Exists(ready), status=ArticleStatus.PUBLISHED)
    return articles.exclude(live_version=None).select_related("live_version").order_by("pk")


def find_search_model(merchant: Merchant) -> str:
    """The model of now where all articles have its vectors, else the one that most articles have."""
    if not without_passages(merchant, model_name()).exists():
        return model_name()
    chunks = Chunk.objects.for_merchant(merchant).filter(article__status=ArticleStatus.PUBLISHED)
    counts = chunks.values("embedding_model").annotate(n=Count("article", distinct=True)).order_by("-n")
    names = [row["embedding_model"] for row in counts]
    return next((name for name in names if can_embed(name)), model_name())


def reembed(merchant: Merchant, *, report: Report = ignore) -> int:
    """How many articles were moved; nothing to do but after a change of model. Safe to repeat and to interrupt.

    Raises EmbeddingError; what was moved stays moved.
    """
    model = model_name()
    total = without_passages(merchant, model).count()
    done = 0
    while batch := list(without_passages(merchant, model)[:ARTICLES_AT_ONCE]):
        passages = embed_for(merchant, [(v.title, v.body) for v in (one.get_live_version() for one in batch)])
        with transaction.atomic():
            locked = Article.objects.select_for_update().in_bulk([one.pk for one in batch])
            # One that was saved meanwhile has its vectors already.
            same = [
                (one, made)
                for one, made in zip(batch, passages, strict=True)
                if one.pk in locked and locked[one.pk].live_version_id == one.live_version_id
            ]
            known = set(
                Chunk.objects.filter(article__in=locked, embedding_model=model).values_list("article_id", flat=True)
            )
            add_chunks([(one, made) for one, made in same if one.pk not in known])
        done += len(batch)
        report(done, max(total, done))
    Chunk.objects.for_merchant(merchant).exclude(embedding_model=model).delete()
    return done
