from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from improvement.article_lines import LineError, read_lines
from improvement.articles import save_article
from improvement.models import Article
from portal.embeddings import EmbeddingError
from portal.models import Merchant


class Command(BaseCommand):
    help = "Imports articles from a file with one JSON object per line. Importing a file again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--merchant", required=True, help="the merchant's address, such as lumen")

    def handle(self, *_args: Any, **options: Any) -> None:
        merchant = Merchant.objects.filter(slug=options["merchant"]).first()
        if merchant is None:
            raise CommandError(f"There is no merchant {options['merchant']!r}.")
        try:
            lines = options["file"].read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{options['file']} cannot be read: {error}") from error
        before = dict(Article.objects.for_merchant(merchant).values_list("pk", "updated_at"))
        errors: list[LineError] = []
        counts = {"created": 0, "updated": 0, "unchanged": 0}
        for line in tqdm(read_lines(lines), total=len(lines), unit="article", disable=None):
            if isinstance(line, LineError):
                errors.append(line)
                continue
            try:
                article = save_article(
                    merchant,
                    external_id=line.external_id,
                    title=line.title,
                    body=line.body,
                    language=line.language,
                    tags=line.tags,
                    source_url=line.source_url,
                    updated_at=line.updated_at,
                )
            except EmbeddingError as error:
                raise CommandError(str(error)) from error
            is_same = before.get(article.pk) == article.updated_at
            counts["unchanged" if is_same else "updated" if article.pk in before else "created"] += 1
        for wrong in errors:
            self.stderr.write(f"line {wrong.number}: {wrong.error}")
        self.stdout.write(", ".join(f"{count} {name}" for name, count in counts.items()) + f", {len(errors)} not read")
        if errors:
            raise CommandError(f"{len(errors)} lines were not imported.")
