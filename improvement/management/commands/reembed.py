from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from improvement.article_index import keep_indexes
from improvement.article_reembedding import reembed
from portal.embeddings import EmbeddingError, model_name
from portal.models import Merchant


class Command(BaseCommand):
    help = (
        "Moves the articles of a merchant, or of all, to the embedding model that is configured now. Search goes on "
        "with the old one meanwhile. The worker does the same by itself within a minute."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--merchant", help="the merchant's address, such as lumen; default: all")

    def handle(self, *_args: Any, **options: Any) -> None:
        merchants = list(Merchant.objects.filter(**({"slug": options["merchant"]} if options["merchant"] else {})))
        if not merchants:
            raise CommandError(f"There is no merchant {options['merchant']!r}.")
        for merchant in merchants:
            with tqdm(disable=None, leave=False, desc=merchant.slug, unit="article") as bar:

                def report(done: int, total: int, bar: Any = bar) -> None:
                    bar.total, bar.n = total, done
                    bar.refresh()

                try:
                    n_moved = reembed(merchant, report=report)
                except EmbeddingError as error:
                    raise CommandError(f"{merchant.slug}: {error}") from error
            keep_indexes()
            self.stdout.write(f"{merchant.slug}: {n_moved} articles moved to {model_name()}")
