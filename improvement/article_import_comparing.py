"""What an import would do to the knowledge base: every text that was found beside the article that it would change."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from improvement.article_import_found import Found, Read, Refused
from improvement.article_texts import ArticleText, find_fault
from improvement.models import Article, ArticleImport, ArticleStatus, EntryOutcome, ImportEntry

MAX_ARTICLES = 10_000


def compare(
    article_import: ArticleImport, found: Iterable[Read], *, now: datetime, start: int = 1
) -> list[ImportEntry]:
    """One entry for each, not stored yet, numbered from `start`. Articles of the collection that are missing are
    told by `find_missing`."""
    read = list(found)
    ids = {one.external_id for one in read if one.external_id}
    rows = Article.objects.for_merchant(article_import.merchant).filter(external_id__in=ids)
    known = {article.external_id: article for article in rows.select_related("live_version")}
    seen = dict(
        article_import.entries.exclude(external_id="")
        .exclude(outcome=EntryOutcome.WAITING)
        .values_list("external_id", "place")
    )
    entries = []
    for number, one in enumerate(read, start=start):
        if isinstance(one, Refused):
            entries.append(refuse(article_import, number, one))
        elif one.external_id in seen:
            reason = f"the same as that of {seen[one.external_id]}"
            entries.append(refuse(article_import, number, Refused(one.place, "external_id", reason, one.external_id)))
        elif number > MAX_ARTICLES:
            entries.append(refuse(article_import, number, Refused(one.place, "", f"more than {MAX_ARTICLES} articles")))
        else:
            seen[one.external_id] = one.place
            entries.append(compare_one(article_import, number, one, known.get(one.external_id), now))
    return entries


def refuse(article_import: ArticleImport, number: int, refused: Refused) -> ImportEntry:
    return ImportEntry(
        article_import=article_import,
        number=number,
        place=refused.place[:500],
        outcome=EntryOutcome.REFUSED,
        field=refused.field[:40],
        reason=refused.reason[:300],
        external_id=refused.external_id[:128],
    )


def compare_one(
    article_import: ArticleImport, number: int, found: Found, article: Article | None, now: datetime
) -> ImportEntry:
    text = complete(article_import, found, article, now).tidied()
    if fault := find_fault(text):
        return refuse(article_import, number, Refused(found.place, fault.field, fault.reason, found.external_id))
    outcome, reason = judge_text(text, article)
    return ImportEntry(
        article_import=article_import,
        number=number,
        place=found.place[:500],
        outcome=outcome,
        reason=reason,
        external_id=text.external_id,
        title=text.title,
        body=text.body,
        language=text.language,
        audience=text.audience,
        tags=list(text.tags),
        source_url=text.source_url,
        updated_at=text.updated_at,
        article=article,
        seen_version=article.live_version.number if article and article.live_version else None,
    )


def complete(article_import: ArticleImport, found: Found, article: Article | None, now: datetime) -> ArticleText:
    """What the source does not say stays as it is in the article."""
    return ArticleText(
        external_id=found.external_id,
        title=found.title,
        body=found.body,
        updated_at=found.updated_at or now,
        language=found.language or (article.language if article else article_import.language),
        audience=found.audience or (article.audience if article else article_import.audience),
        tags=found.tags if found.tags is not None else tuple(article.tags if article else ()),
        source_url=found.source_url if found.source_url is not None else (article.source_url if article else ""),
        collection=article_import.collection,
    )


def judge_text(text: ArticleText, article: Article | None) -> tuple[EntryOutcome, str]:
    if article is None or article.live_version is None:
        return EntryOutcome.NEW, ""
    live = article.live_version
    changes = [
        name
        for name, is_same in (
            ("title", live.title == text.title),
            ("body", live.body == text.body),
            ("language", article.language == text.language),
            ("audience", article.audience == text.audience),
            ("tags", tuple(article.tags) == text.tags),
            ("source_url", article.source_url == text.source_url),
            ("collection", article.collection == text.collection),
            ("archived", article.status == ArticleStatus.PUBLISHED),
        )
        if not is_same
    ]
    return (EntryOutcome.CHANGED, ", ".join(changes)) if changes else (EntryOutcome.UNCHANGED, "")


def find_missing(article_import: ArticleImport, entries: Sequence[ImportEntry]) -> list[ImportEntry]:
    """Articles that came from this collection and are not in it any more. What could not be read is not gone."""
    here = {entry.external_id for entry in entries if entry.external_id}
    articles = Article.objects.for_merchant(article_import.merchant).filter(
        collection=article_import.collection, status=ArticleStatus.PUBLISHED
    )
    gone = articles.exclude(external_id__in=here).select_related("live_version")
    last = max((entry.number for entry in entries), default=0)
    return [
        ImportEntry(
            article_import=article_import,
            number=number,
            place=article.source_url or article.external_id,
            outcome=EntryOutcome.MISSING,
            external_id=article.external_id,
            title=article.title,
            article=article,
            seen_version=article.live_version.number if article.live_version else None,
        )
        for number, article in enumerate(gone, start=last + 1)
    ]
