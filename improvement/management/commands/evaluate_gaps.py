import json
import resource
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from improvement.evaluation import LabelledQuestion, evaluate
from portal.embeddings import EmbeddingError, model_name


class Command(BaseCommand):
    help = (
        "Measures gap detection on a folder with articles.jsonl (title, body) and questions.jsonl "
        "(text, topic, covered) and prints the result as JSON. Needs no database."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            articles = [(row["title"], row["body"]) for row in read(options["folder"] / "articles.jsonl")]
            questions = [
                LabelledQuestion(row["text"], row["topic"], row["covered"])
                for row in read(options["folder"] / "questions.jsonl")
            ]
        except (OSError, KeyError, json.JSONDecodeError) as error:
            raise CommandError(f"{options['folder']} cannot be read: {error!r}") from error
        start = perf_counter()
        try:
            result = evaluate(articles, questions)
        except EmbeddingError as error:
            raise CommandError(str(error)) from error
        seconds = perf_counter() - start
        measured = {
            **{name: round(value, 4) for name, value in asdict(result).items()},
            "embedding_model": model_name(),
            "seconds": round(seconds, 1),
            "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }
        self.stdout.write(json.dumps(measured, indent=2))


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
