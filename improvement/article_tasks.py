"""Background work on articles. Every task takes ids and is safe to run twice."""

from celery import shared_task
from django.db.models import Max
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from improvement.article_import_sitemap import SitemapError
from improvement.article_importing import apply_import, count_outcomes, read_import
from improvement.article_index import keep_indexes
from improvement.article_pairs import find_pairs
from improvement.models import Article, ArticleImport, EntryOutcome, ImportState, SearchState
from improvement.models.article_pair import ArticleComparison
from improvement.word_counting import count_frequent_words
from portal.embeddings import EmbeddingError
from portal.models import Job, Merchant

# A million passages.
INDEX_SECONDS = 3600


@shared_task
def read_article_import(import_id: int, job_id: int) -> None:
    """Reads for some minutes, and goes on in a task of its own where pages are left."""
    article_import = ArticleImport.objects.select_related("merchant").get(pk=import_id)
    job = Job.objects.get(pk=job_id)
    if article_import.state != ImportState.READING:
        return
    with translation.override(article_import.merchant.locale):
        try:
            is_read = read_import(article_import, now=timezone.now(), report=job.report)
        except SitemapError as error:
            article_import.fail(str(error), at=timezone.now())
            job.fail(str(error), at=timezone.now())
        except Exception:
            message = _("Something went wrong while reading. It was logged; try again.")
            article_import.fail(message, at=timezone.now())
            job.fail(message, at=timezone.now())
            raise
        else:
            if is_read:
                job.finish(_("Read; nothing is changed yet."), at=timezone.now())
            else:
                read_article_import.delay(import_id, job_id)


@shared_task
def apply_article_import(import_id: int, job_id: int) -> None:
    article_import = ArticleImport.objects.select_related("merchant").get(pk=import_id)
    job = Job.objects.select_related("started_by").get(pk=job_id)
    if article_import.state != ImportState.APPLYING:
        return
    with translation.override(article_import.merchant.locale):
        try:
            apply_import(article_import, by=job.started_by, now=timezone.now(), report=job.report)
        except EmbeddingError as error:
            give_back(article_import, job, str(error))
        except Exception:
            give_back(article_import, job, _("Something went wrong. It was logged; try again."))
            raise
        else:
            counts = count_outcomes(article_import)
            n_saved = counts[EntryOutcome.NEW] + counts[EntryOutcome.CHANGED]
            message = ngettext("%(n)d article was saved.", "%(n)d articles were saved.", n_saved) % {"n": n_saved}
            job.finish(message, at=timezone.now())
    keep_article_indexes.delay()
    compare_articles.delay(article_import.merchant_id)


def give_back(article_import: ArticleImport, job: Job, reason: str) -> None:
    """Nothing was changed, so the same preview can be tried again."""
    article_import.move(ImportState.APPLYING, ImportState.READY, state_reason=reason[:300])
    job.fail(reason, at=timezone.now())


@shared_task(time_limit=INDEX_SECONDS, soft_time_limit=INDEX_SECONDS)
def keep_article_indexes() -> None:
    """What the search of large merchants needs, made and dropped as their articles come and go."""
    keep_indexes()
    for state in SearchState.objects.select_related("merchant"):
        count_frequent_words(state.merchant, state.embedding_model, now=timezone.now())


@shared_task
def compare_articles(merchant_id: int | None = None) -> None:
    """Without an id: one task for each merchant whose articles changed since they were compared last."""
    if merchant_id is not None:
        find_pairs(Merchant.objects.get(pk=merchant_id), now=timezone.now())
        return
    compared = dict(ArticleComparison.objects.values_list("merchant_id", "compared_to"))
    changes = Article.objects.values("merchant_id").annotate(last=Max("updated_at")).order_by()
    for found_id, last in changes.values_list("merchant_id", "last"):
        if found_id not in compared or compared[found_id] < last:
            compare_articles.delay(found_id)
