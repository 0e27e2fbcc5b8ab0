from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from improvement.gaps import find_gaps
from improvement.models import Gap
from portal.embeddings import EmbeddingError
from portal.models import Merchant


class Command(BaseCommand):
    help = "Reads a merchant's new questions, finds what its articles do not cover, and prints the gaps, largest first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--merchant", required=True, help="the merchant's address, such as lumen")

    def handle(self, *_args: Any, **options: Any) -> None:
        merchant = Merchant.objects.filter(slug=options["merchant"]).first()
        if merchant is None:
            raise CommandError(f"There is no merchant {options['merchant']!r}.")
        with tqdm(disable=None, leave=False) as bar:

            def report(done: int, total: int, message: str) -> None:
                bar.total, bar.n, bar.desc = total, done, message
                bar.refresh()

            try:
                find_gaps(merchant, timezone.now(), report=report)
            except EmbeddingError as error:
                raise CommandError(str(error)) from error
        for gap in Gap.objects.for_merchant(merchant).filter(n_questions__gt=0):
            numbers = f"{gap.impact_per_week:8.1f} a week  {gap.n_questions:5d} questions"
            self.stdout.write(f"{numbers}  {gap.priority:6}  {gap.status:9}  {gap.name}")
