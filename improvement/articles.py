"""Puts a text into the knowledge base: import, sync, the editor and publication of drafts all come through here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from improvement.chunking import split_article
from improvement.models import Article, ArticleStatus, ArticleVersion, Chunk, DraftRevision
from portal.embeddings import Vectors, embed, model_name
from portal.models import AuditEntry, Merchant, User


@dataclass(frozen=True, slots=True)
class Passages:
    texts: list[str]
    vectors: Vectors
    model: str


def embed_passages(title: str, body: str) -> Passages:
    texts = split_article(title, body)
    return Passages(texts, embed(texts), model_name())


def save_article(  # noqa: PLR0913 - an article has as many parts
    merchant: Merchant,
    *,
    external_id: str,
    title: str,
    body: str,
    language: str = "en",
    tags: Sequence[str] = (),
    source_url: str = "",
    updated_at: datetime,
    by: User | None = None,
    revision: DraftRevision | None = None,
) -> Article:
    """Creates the article or brings it up to date; the same content again changes nothing and makes no version.

    `updated_at` is when the text itself changed at its source; the row's own `updated_at` is when we learned of it, so
    that a client that pages by it misses nothing. Raises EmbeddingError, with nothing changed.
    """
    title, body = title.strip(), body.strip() + "\n"
    found = (
        Article.objects.for_merchant(merchant).filter(external_id=external_id).select_related("live_version").first()
    )
    # Before the transaction: no lock is held while an embedding service takes its time.
    passages = None if found and has_text(found, title, body, revision) else embed_passages(title, body)
    with transaction.atomic():
        Article.objects.bulk_create(
            [Article(merchant=merchant, external_id=external_id, title=title, updated_at=timezone.now())],
            ignore_conflicts=True,
        )
        rows = Article.objects.for_merchant(merchant).select_for_update(of=("self",)).select_related("live_version")
        article: Article = rows.get(external_id=external_id)
        old = describe(article)
        article.title, article.language, article.tags = title, language, list(tags)
        article.source_url, article.status = source_url, ArticleStatus.PUBLISHED
        is_new = article.live_version is None
        if not has_text(article, title, body, revision):
            add_version(article, body, passages or embed_passages(title, body), updated_at, by, revision)
        if old != describe(article):
            article.updated_at = timezone.now()
            article.save()
            verb = "article.created" if is_new else "article.updated"
            AuditEntry.record(merchant, verb, by=by, on=article, detail={"version": article.get_live_version().number})
    return article


def has_text(article: Article, title: str, body: str, revision: DraftRevision | None) -> bool:
    """Whether the live version is this very text. An approved revision always becomes a version of its own."""
    live = article.live_version
    if live is None or (revision is not None and live.revision_id != revision.pk):
        return False
    return (live.title, live.body) == (title, body)


def describe(article: Article) -> tuple[object, ...]:
    """What a reader of the article could notice."""
    return (
        *(article.title, article.language, tuple(article.tags), article.source_url),
        *(article.status, article.live_version_id),
    )


def add_version(
    article: Article,
    body: str,
    passages: Passages,
    published_at: datetime,
    by: User | None,
    revision: DraftRevision | None,
) -> None:
    last = article.versions.first()
    article.live_version = ArticleVersion.objects.create(
        article=article,
        number=last.number + 1 if last else 1,
        title=article.title,
        body=body,
        revision=revision,
        published_by=by,
        published_at=published_at,
    )
    replace_chunks(article, passages)


def replace_chunks(article: Article, passages: Passages) -> None:
    """Also drops the vectors of another model: they belong to a text that is gone."""
    article.chunks.all().delete()
    Chunk.objects.bulk_create(
        Chunk(
            merchant_id=article.merchant_id,
            article=article,
            position=position,
            text=text,
            embedding=vector,
            embedding_model=passages.model,
        )
        for position, (text, vector) in enumerate(zip(passages.texts, passages.vectors, strict=True))
    )


def archive_article(article: Article, *, by: User | None, at: datetime) -> None:
    """Takes it out of search, of coverage and of the agent's feed; its versions stay."""
    with transaction.atomic():
        archived = Article.objects.filter(pk=article.pk, status=ArticleStatus.PUBLISHED)
        if archived.update(status=ArticleStatus.ARCHIVED, updated_at=at) == 1:
            AuditEntry.record(article.merchant, "article.archived", by=by, on=article)
    article.refresh_from_db(fields=["status", "updated_at"])
