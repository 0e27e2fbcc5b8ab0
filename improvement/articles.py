"""Puts texts into the knowledge base: import, sync, the editor and publication of drafts all come through here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from improvement.article_passages import (
    Passages,
    Report,
    add_chunks,
    embed_for,
    ignore,
    replace_all_chunks,
)
from improvement.article_texts import ArticleText
from improvement.errors import RefusedError
from improvement.gap_reopening import reopen_of_archived
from improvement.models import Article, ArticleStatus, ArticleVersion, Audience, Chunk, DraftRevision
from improvement.search_state import hold_articles, hold_search_model, models_to_write, next_change_time
from improvement.word_configs import word_config
from portal.models import ApiKey, AuditEntry, Merchant, User


class VersionConflictError(RefusedError):
    """Somebody else saved meanwhile. `article` is what is live now, None where there is none."""

    def __init__(self, external_id: str, article: Article | None) -> None:
        super().__init__(_("Somebody else saved this article in the meantime."))
        self.external_id = external_id
        self.article = article


@dataclass(frozen=True, slots=True)
class Prepared:
    """Passages by external id, once for each of the models."""

    models: list[str]
    by_id: dict[str, list[Passages]]


@dataclass(frozen=True, slots=True)
class Saved:
    article: Article
    is_new: bool
    is_changed: bool


def save_article(  # noqa: PLR0913 - an article has as many parts
    merchant: Merchant,
    *,
    external_id: str,
    title: str,
    body: str,
    language: str = "en",
    audience: str = Audience.PUBLIC,
    tags: Sequence[str] = (),
    source_url: str = "",
    updated_at: datetime,
    by: User | None = None,
    revision: DraftRevision | None = None,
    expected_version: int | None = None,
) -> Article:
    """One article, as `save_articles` does it. `expected_version` is the one that the writer started from."""
    text = ArticleText(external_id, title, body, updated_at, language, audience, tuple(tags), source_url)
    expected = {} if expected_version is None else {external_id: expected_version}
    (saved,) = save_articles(merchant, [text], by=by, revision=revision, expected=expected)
    return saved.article


def save_articles(
    merchant: Merchant,
    texts: Sequence[ArticleText],
    *,
    by: User | None = None,
    via: ApiKey | None = None,
    revision: DraftRevision | None = None,
    expected: Mapping[str, int] | None = None,
    passages: Prepared | None = None,
) -> list[Saved]:
    """Creates the articles or brings them up to date, all or none; the same content again makes no version.

    An article that names no collection keeps its own. The row's own `updated_at` is when we learned of a change, in
    the order of commits, so that a client that pages by it misses nothing. `expected`: live versions by external id,
    0 for none. `passages`: what `prepare_passages` made of the same texts.
    Raises EmbeddingError and VersionConflictError, with nothing changed.
    """
    wanted = {text.external_id: text.tidied() for text in texts}
    # Before the transaction: no lock is held while an embedding service takes its time.
    passages = passages if passages is not None else prepare_passages(merchant, texts, revision=revision)
    with transaction.atomic():
        hold_search_model(merchant, passages.models)
        now = next_change_time(merchant, timezone.now())
        articles = lock_articles(merchant, wanted)
        check_versions(articles, expected or {})
        before = {key: describe(article) for key, article in articles.items()}
        is_new = {key: article.live_version is None for key, article in articles.items()}
        for key, article in articles.items():
            apply_text(article, wanted[key])
        changed = [article for key, article in articles.items() if not has_text(article, wanted[key], revision)]
        add_versions(changed, wanted, by=by, revision=revision)
        # What was live while it was prepared and is not any more: both texts were saved in turn.
        missing = [wanted[one.external_id] for one in changed if one.external_id not in passages.by_id]
        made = {**passages.by_id, **embed_texts(merchant, missing, passages.models)}
        replace_all_chunks([(one, each) for one in changed for each in made[one.external_id]])
        touched = [article for key, article in articles.items() if before[key] != describe(article)]
        store(touched, now)
        record(merchant, touched, is_new, by=by, via=via)
    touched_ids = {article.external_id for article in touched}
    return [Saved(articles[key], is_new[key], key in touched_ids) for key in (text.external_id for text in texts)]


def prepare_passages(
    merchant: Merchant,
    texts: Sequence[ArticleText],
    *,
    revision: DraftRevision | None = None,
    report: Report = ignore,
) -> Prepared:
    """Of the texts that are not live already. Raises EmbeddingError."""
    tidy = {text.external_id: text.tidied() for text in texts}
    known = find_articles(merchant, tidy)
    new = [text for key, text in tidy.items() if key not in known or not has_text(known[key], text, revision)]
    models = models_to_write(merchant)
    return Prepared(models, embed_texts(merchant, new, models, report=report))


def embed_texts(
    merchant: Merchant, texts: Sequence[ArticleText], models: Sequence[str], *, report: Report = ignore
) -> dict[str, list[Passages]]:
    """By external id, once for each model."""
    written = [(text.title, text.body) for text in texts]
    made = [embed_for(merchant, written, model=model, report=report) for model in models]
    return {text.external_id: list(each) for text, *each in zip(texts, *made, strict=True)}


def find_articles(merchant: Merchant, external_ids: Mapping[str, ArticleText]) -> dict[str, Article]:
    rows = Article.objects.for_merchant(merchant).filter(external_id__in=list(external_ids))
    return {article.external_id: article for article in rows.select_related("live_version")}


def lock_articles(merchant: Merchant, texts: Mapping[str, ArticleText]) -> dict[str, Article]:
    """Rows for all of them, new ones included. Always in one order, so that two writers never wait for each other."""
    rows = Article.objects.for_merchant(merchant).filter(external_id__in=list(texts))
    known = set(rows.values_list("external_id", flat=True))
    now = timezone.now()
    missing = [
        Article(merchant=merchant, external_id=key, title=text.title, was_shared=False, updated_at=now)
        for key, text in sorted(texts.items())
        if key not in known
    ]
    Article.objects.bulk_create(missing, ignore_conflicts=True)
    locked = rows.select_for_update(of=("self",)).select_related("live_version").order_by("external_id")
    return {article.external_id: article for article in locked}


def check_versions(articles: Mapping[str, Article], expected: Mapping[str, int]) -> None:
    for key, version in expected.items():
        live = articles[key].live_version
        if (live.number if live else 0) != version:
            raise VersionConflictError(key, articles[key] if live else None)


def apply_text(article: Article, text: ArticleText) -> None:
    if article.language != text.language:
        article.chunks.update(word_config=word_config(text.language))
    article.title, article.language, article.audience = text.title, text.language, text.audience
    article.tags, article.source_url, article.status = list(text.tags), text.source_url, ArticleStatus.PUBLISHED
    article.collection = text.collection or article.collection
    article.was_shared = article.was_shared or text.audience != Audience.INTERNAL


def has_text(article: Article, text: ArticleText, revision: DraftRevision | None) -> bool:
    """Whether the live version is this very text. An approved revision always becomes a version of its own."""
    live = article.live_version
    if live is None or (revision is not None and live.revision_id != revision.pk):
        return False
    return (live.title, live.body) == (text.title, text.body)


def describe(article: Article) -> tuple[object, ...]:
    """What a reader of the article could notice."""
    return (
        *(article.title, article.language, article.audience, tuple(article.tags), article.source_url),
        *(article.collection, article.status, article.live_version_id),
    )


def add_versions(
    articles: Sequence[Article],
    texts: Mapping[str, ArticleText],
    *,
    by: User | None,
    revision: DraftRevision | None,
) -> None:
    versions = ArticleVersion.objects.filter(article__in=[article.pk for article in articles])
    last = dict(versions.values_list("article_id").annotate(last=Max("number")).order_by())
    made = ArticleVersion.objects.bulk_create(
        ArticleVersion(
            article=article,
            number=last.get(article.pk, 0) + 1,
            title=texts[article.external_id].title,
            body=texts[article.external_id].body,
            revision=revision,
            published_by=by,
            published_at=texts[article.external_id].updated_at,
        )
        for article in articles
    )
    for article, version in zip(articles, made, strict=True):
        article.live_version = version


def store(articles: Sequence[Article], now: datetime) -> None:
    for article in articles:
        article.updated_at = now
    columns = ["title", "language", "audience", "tags", "source_url", "collection", "status", "was_shared"]
    Article.objects.bulk_update(articles, [*columns, "live_version", "updated_at"], batch_size=500)


def record(
    merchant: Merchant, articles: Sequence[Article], is_new: Mapping[str, bool], *, by: User | None, via: ApiKey | None
) -> None:
    AuditEntry.objects.bulk_create(
        AuditEntry.build(
            merchant,
            "article.created" if is_new[article.external_id] else "article.updated",
            by=by,
            on=article,
            detail={"version": article.get_live_version().number},
            via=via,
        )
        for article in articles
    )


def restore_version(article: Article, version: ArticleVersion, *, by: User | None, expected_version: int) -> Article:
    """An old text becomes the newest version. Raises as `save_article`."""
    return save_article(
        article.merchant,
        external_id=article.external_id,
        title=version.title,
        body=version.body,
        language=article.language,
        audience=article.audience,
        tags=article.tags,
        source_url=article.source_url,
        updated_at=timezone.now(),
        by=by,
        expected_version=expected_version,
    )


def archive_article(
    article: Article,
    *,
    by: User | None,
    at: datetime,
    via: ApiKey | None = None,
    expected_version: int | None = None,
) -> None:
    """Takes it out of search, of coverage and of the agent's feed; its versions stay. Raises VersionConflictError."""
    with transaction.atomic():
        hold_articles(article.merchant)
        if expected_version is not None:
            article.refresh_from_db(fields=["live_version"])
            check_versions({article.external_id: article}, {article.external_id: expected_version})
        at = next_change_time(article.merchant, at)
        archived = Article.objects.filter(pk=article.pk, status=ArticleStatus.PUBLISHED)
        if archived.update(status=ArticleStatus.ARCHIVED, updated_at=at) == 1:
            AuditEntry.record(article.merchant, "article.archived", by=by, on=article, via=via)
            reopen_of_archived(article)
    article.refresh_from_db(fields=["status", "updated_at"])


def unarchive_article(article: Article, *, by: User | None, at: datetime) -> None:
    """Back as it was. Raises EmbeddingError where the model has changed since and cannot be reached."""
    live = article.get_live_version()
    models = models_to_write(article.merchant)
    stored = set(Chunk.objects.filter(article=article).values_list("embedding_model", flat=True))
    made = [
        embed_for(article.merchant, [(live.title, live.body)], model=model)[0]
        for model in models
        if model not in stored
    ]
    with transaction.atomic():
        hold_search_model(article.merchant, models)
        at = next_change_time(article.merchant, at)
        archived = Article.objects.filter(pk=article.pk, status=ArticleStatus.ARCHIVED)
        if archived.update(status=ArticleStatus.PUBLISHED, updated_at=at) == 1:
            add_chunks([(article, passages) for passages in made])
            AuditEntry.record(article.merchant, "article.unarchived", by=by, on=article)
    article.refresh_from_db(fields=["status", "updated_at"])
