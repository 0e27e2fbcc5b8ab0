"""Moves a merchant's articles to the embedding model of now, while the search goes on with the one before.

The new vectors are written beside the old ones. When every published article has them the search changes over in one
transaction (improvement/search_state.py), and then the old ones leave. Each batch is stored by itself: whoever comes
after a crash goes on where it was.
"""

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from improvement.article_index import keep_index
from improvement.article_passages import ARTICLES_AT_ONCE, Passages, Report, add_chunks, embed_for, ignore
from improvement.models import Article, ArticleStatus, Chunk, SearchState
from portal.embeddings import EmbeddingError, model_name
from portal.models import Job, Merchant

JOB_KIND = "reembed"


def without_passages(merchant: Merchant, model: str) -> "QuerySet[Article]":
    ready = Chunk.objects.filter(article=OuterRef("pk"), embedding_model=model)
    articles = Article.objects.for_merchant(merchant).filter(~Exists(ready), status=ArticleStatus.PUBLISHED)
    return articles.exclude(live_version=None).select_related("live_version").order_by("pk")


def reembed(merchant: Merchant, *, report: Report = ignore) -> int:
    """How many articles were moved; nothing to do but after a change of model. Safe to repeat and to interrupt.

    Raises EmbeddingError; what was moved stays moved.
    """
    model = model_name()
    total = without_passages(merchant, model).count()
    if not total:
        change_over(merchant, model)
        return 0
    job = Job.find_unsettled(merchant, JOB_KIND) or Job.start(merchant, JOB_KIND)
    with override(merchant.locale):
        try:
            done = write_vectors(merchant, model, total, job, report)
            while not change_over(merchant, model):  # saved meanwhile by somebody who knew of the old model alone
                done += write_vectors(merchant, model, done, job, report)
        except EmbeddingError as error:
            job.fail(str(error), at=timezone.now())
            raise
        moved = ngettext("%(n)d article was moved.", "%(n)d articles were moved.", done) % {"n": done}
        job.finish(moved, at=timezone.now())
    return done


def write_vectors(merchant: Merchant, model: str, total: int, job: Job, report: Report) -> int:
    done = 0
    while batch := list(without_passages(merchant, model)[:ARTICLES_AT_ONCE]):
        texts = [(version.title, version.body) for version in (one.get_live_version() for one in batch)]
        store(model, batch, embed_for(merchant, texts, model=model))
        done += len(batch)
        job.report(done, max(total, done), _("Preparing articles for another model"))
        report(done, max(total, done))
    return done


def store(model: str, batch: list[Article], made: list[Passages]) -> None:
    """An article that was saved meanwhile has its vectors already."""
    with transaction.atomic():
        locked = Article.objects.select_for_update().order_by("external_id").in_bulk([one.pk for one in batch])
        ready = set(
            Chunk.objects.filter(article__in=locked, embedding_model=model).values_list("article_id", flat=True)
        )
        add_chunks(
            [
                (one, passages)
                for one, passages in zip(batch, made, strict=True)
                if one.pk in locked and locked[one.pk].live_version_id == one.live_version_id and one.pk not in ready
            ]
        )


def change_over(merchant: Merchant, model: str) -> bool:
    """The search goes by this model from now on; False where an article has no vectors of it yet."""
    stale = Chunk.objects.for_merchant(merchant).filter(Q(embedding_model__lt=model) | Q(embedding_model__gt=model))
    state = SearchState.objects.filter(merchant=merchant)
    if not state.exclude(embedding_model=model).exists():
        if stale.exists():
            stale.delete()
        return True
    keep_index(merchant, model)  # before anybody searches it
    with transaction.atomic():
        state.select_for_update().get()  # whoever writes articles now is waited for
        if without_passages(merchant, model).exists():
            return False
        state.update(embedding_model=model)
    stale.delete()
    return True
