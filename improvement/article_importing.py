"""From an upload to articles: it is read, compared and shown first, and changes the knowledge base on request alone."""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from urllib.parse import urlsplit

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from improvement.article_fetching import Site
from improvement.article_import_comparing import compare, find_missing
from improvement.article_import_files import SITEMAP, read_file, suffix
from improvement.article_import_sitemap import (
    PageAddress,
    collect_pages,
    fetch_sitemap,
    origin_of,
    read_page,
)
from improvement.article_texts import ArticleText
from improvement.articles import VersionConflictError, archive_article, prepare_passages, save_articles
from improvement.models import Article, ArticleImport, EntryOutcome, ImportEntry, ImportState
from portal.models import AuditEntry, User

# A task ends well before its time limit and goes on in the next one.
READ_SECONDS = 240
PAGES_AT_ONCE = 20
CHANGING = (EntryOutcome.NEW, EntryOutcome.CHANGED)

Report = Callable[[int, int, str], None]


def name_collection(name: str) -> str:
    """The host of an address, else the file's name: the same source again is the same collection."""
    host = urlsplit(name).hostname if "://" in name else None
    stem = name.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    return (host or slugify(stem) or "import")[:100]


def read_import(article_import: ArticleImport, *, now: datetime, report: Report) -> bool:
    """Makes the preview; False where pages are left for another run. Raises SitemapError."""
    if article_import.entries.exists():
        return read_pages(article_import, now=now, report=report)
    content = bytes(article_import.upload or b"")
    if not content and "://" in article_import.name:
        content = fetch_sitemap(article_import.name)
    if suffix(urlsplit(article_import.name).path) == SITEMAP:
        note_pages(article_import, content, now=now)
        return read_pages(article_import, now=now, report=report)
    entries = compare(article_import, read_file(article_import.name, content, article_import.collection), now=now)
    finish_reading(article_import, entries)
    return True


def note_pages(article_import: ArticleImport, content: bytes, *, now: datetime) -> None:
    """Which pages there are, before any is fetched: what is read of them then survives a worker."""
    pages, refused = collect_pages(content)
    entries = compare(article_import, refused, now=now)
    waiting = [
        ImportEntry(
            article_import=article_import,
            number=number,
            place=page.url[:500],
            reason=page.updated[:300],
            outcome=EntryOutcome.WAITING,
        )
        for number, page in enumerate(pages, start=len(entries) + 1)
    ]
    with transaction.atomic():
        ImportEntry.objects.bulk_create([*entries, *waiting])
        ArticleImport.objects.filter(pk=article_import.pk).update(upload=None)


def read_pages(article_import: ArticleImport, *, now: datetime, report: Report) -> bool:
    entries = article_import.entries
    total = entries.count()
    waiting = list(entries.filter(outcome=EntryOutcome.WAITING)[:PAGES_AT_ONCE])
    site = Site(origin_of(waiting[0].place)) if waiting else None
    until = time.monotonic() + READ_SECONDS
    while waiting and site is not None:
        for entry in waiting:
            found = read_page(site, PageAddress(entry.place, entry.reason), article_import.collection)
            (read,) = compare(article_import, [found], now=now, start=entry.number)
            read.pk = entry.pk
            read.save()
        left = entries.filter(outcome=EntryOutcome.WAITING)
        report(total - left.count(), total, _("Reading pages"))
        if time.monotonic() > until and left.exists():
            return False
        waiting = list(left[:PAGES_AT_ONCE])
    finish_reading(article_import, [])
    return True


def finish_reading(article_import: ArticleImport, entries: Iterable[ImportEntry]) -> None:
    with transaction.atomic():
        ImportEntry.objects.bulk_create(entries, batch_size=500)
        stored = list(article_import.entries.only("number", "external_id"))
        ImportEntry.objects.bulk_create(find_missing(article_import, stored), batch_size=500)
        article_import.move(ImportState.READING, ImportState.READY, upload=None)


def count_outcomes(article_import: ArticleImport) -> dict[str, int]:
    found = Counter(article_import.entries.values_list("outcome", flat=True))
    return {outcome.value: found[outcome.value] for outcome in EntryOutcome}


def apply_import(article_import: ArticleImport, *, by: User | None, now: datetime, report: Report) -> None:
    """All of it or nothing; what changed here since the preview is refused and stays as it is.

    Raises EmbeddingError.
    """
    label = _("Preparing for search")

    def tell(done: int, total: int) -> None:
        report(done, total, label)

    while True:
        refuse_outdated(article_import)
        entries = list(article_import.entries.filter(outcome__in=CHANGING))
        texts = [to_text(entry, article_import) for entry in entries]
        made = prepare_passages(article_import.merchant, texts, report=tell)
        expected = {entry.external_id: entry.seen_version or 0 for entry in entries}
        try:
            with transaction.atomic():
                save_articles(article_import.merchant, texts, by=by, expected=expected, passages=made)
                if article_import.archives_missing:
                    archive_missing(article_import, by=by, now=now)
                counts = count_outcomes(article_import)
                article_import.move(ImportState.APPLYING, ImportState.DONE, ended_at=now)
                # The texts are in the versions now; what was refused and why stays to be read.
                article_import.entries.exclude(outcome=EntryOutcome.REFUSED).update(body="")
                AuditEntry.record(
                    article_import.merchant, "article_import.applied", by=by, on=article_import, detail=counts
                )
        except VersionConflictError:
            continue  # somebody saved between the look and the lock: look again
        return


def refuse_outdated(article_import: ArticleImport) -> None:
    """Entries whose article is another than the one that the preview was compared with."""
    entries = list(article_import.entries.filter(outcome__in=CHANGING))
    articles = Article.objects.for_merchant(article_import.merchant).filter(
        external_id__in=[entry.external_id for entry in entries]
    )
    live = dict(articles.values_list("external_id", "live_version__number"))
    outdated = [entry for entry in entries if live.get(entry.external_id) != entry.seen_version]
    for entry in outdated:
        entry.outcome, entry.reason = EntryOutcome.REFUSED, _("Was changed here since the preview; import it again.")
    ImportEntry.objects.bulk_update(outdated, ["outcome", "reason"])


def to_text(entry: ImportEntry, article_import: ArticleImport) -> ArticleText:
    return ArticleText(
        external_id=entry.external_id,
        title=entry.title,
        body=entry.body,
        updated_at=entry.updated_at or article_import.created_at,
        language=entry.language,
        audience=entry.audience,
        tags=tuple(entry.tags),
        source_url=entry.source_url,
        collection=article_import.collection,
    )


def archive_missing(article_import: ArticleImport, *, by: User | None, now: datetime) -> None:
    missing = article_import.entries.filter(outcome=EntryOutcome.MISSING, article__isnull=False)
    for entry in missing.select_related("article__merchant"):
        if entry.article is not None:
            archive_article(entry.article, by=by, at=now)
