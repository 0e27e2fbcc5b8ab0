from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from improvement.article_import_comparing import compare
from improvement.article_import_files import read_folder
from improvement.article_import_sitemap import SitemapError
from improvement.article_importing import apply_import, count_outcomes, finish_reading, name_collection, read_import
from improvement.article_index import keep_indexes
from improvement.models import ArticleImport, Audience, EntryOutcome, ImportState
from portal.embeddings import EmbeddingError
from portal.models import Merchant


class Command(BaseCommand):
    help = (
        "Imports articles from a file (.md, .html, .csv, .jsonl, .zip, or a site map .xml whose pages are fetched), a "
        "folder of such files, or the address of a site map. Importing the same again changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", help="a file, a folder, or the address of a site map")
        parser.add_argument("--merchant", required=True, help="the merchant's address, such as lumen")
        parser.add_argument("--collection", help="name of the source; default: the file's name or the site's host")
        parser.add_argument("--language", help="of articles that name none; default: the merchant's")
        parser.add_argument("--audience", choices=Audience.values, default=Audience.PUBLIC.value)
        parser.add_argument("--dry-run", action="store_true", help="only say what would change")
        parser.add_argument(
            "--archive-missing",
            action="store_true",
            help="archive articles of this collection that are no longer there",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        merchant = Merchant.objects.filter(slug=options["merchant"]).first()
        if merchant is None:
            raise CommandError(f"There is no merchant {options['merchant']!r}.")
        article_import = ArticleImport(
            merchant=merchant,
            name=str(options["source"])[:200],
            collection=options["collection"] or name_collection(str(options["source"]).rstrip("/")),
            language=options["language"] or merchant.locale.split("-")[0],
            audience=options["audience"],
            archives_missing=options["archive_missing"],
        )
        with tqdm(disable=None, leave=False) as bar:

            def report(done: int, total: int, message: str) -> None:
                bar.total, bar.n, bar.desc = total, done, message
                bar.refresh()

            try:
                read(article_import, str(options["source"]), report)
                if not options["dry_run"]:
                    article_import.move(ImportState.READY, ImportState.APPLYING)
                    apply_import(article_import, by=None, now=timezone.now(), report=report)
            except (SitemapError, EmbeddingError) as error:
                article_import.fail(str(error), at=timezone.now())
                raise CommandError(str(error)) from error
        keep_indexes()
        self.tell(article_import, is_dry=options["dry_run"])

    def tell(self, article_import: ArticleImport, *, is_dry: bool) -> None:
        counts = count_outcomes(article_import)
        n_refused = counts[EntryOutcome.REFUSED]
        for entry in article_import.entries.filter(outcome=EntryOutcome.REFUSED):
            self.stderr.write(f"{entry.place}: {entry.field + ' ' if entry.field else ''}{entry.reason}")
        words = ("created", "updated") if not is_dry else ("new", "changed")
        shown = dict(zip((EntryOutcome.NEW, EntryOutcome.CHANGED), words, strict=True))
        shown |= {
            EntryOutcome.UNCHANGED: "unchanged",
            EntryOutcome.REFUSED: "not read",
            EntryOutcome.MISSING: "missing",
        }
        self.stdout.write(", ".join(f"{counts[outcome]} {word}" for outcome, word in shown.items()))
        if is_dry:
            article_import.discard(at=timezone.now())
        if n_refused:
            raise CommandError(f"{n_refused} articles were not imported.")


def read(article_import: ArticleImport, source: str, report: Any) -> None:
    """Leads to the state READY. Raises CommandError where there is nothing to read."""
    path = Path(source)
    if "://" in source:
        content = None
    elif path.is_dir():
        article_import.save()
        entries = compare(article_import, read_folder(path, article_import.collection), now=timezone.now())
        finish_reading(article_import, entries)
        return
    else:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise CommandError(f"{source} cannot be read: {error}") from error
        article_import.name = path.name
    article_import.upload = content
    article_import.save()
    while not read_import(article_import, now=timezone.now(), report=report):
        pass
