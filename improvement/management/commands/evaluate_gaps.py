import json
import resource
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from improvement.coverage_model import decide, survey
from improvement.evaluation import LabelledQuestion, embed_folder, evaluate
from improvement.label_curve import draw_curve
from improvement.spelling import correct_spelling
from portal.embeddings import EmbeddingError, model_name


class Command(BaseCommand):
    help = (
        "Measures gap detection on a folder with articles.jsonl (title, body) and questions.jsonl "
        "(text, topic, covered) and prints the result as JSON. Needs no database."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument(
            "--labels",
            action="store_true",
            help="also how accurate it gets on the other questions once people marked 25, 50, 100 or 200 of them",
        )

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
            folder = embed_folder(articles, questions)
        except EmbeddingError as error:
            raise CommandError(str(error)) from error
        embedded = perf_counter()
        seen = survey(correct_spelling(folder.asked, folder.base), folder.base)
        judgement = decide(seen)
        judged = perf_counter()
        result = asdict(evaluate(folder, judgement))
        grouping = result.pop("grouping")
        measured = {
            **rounded(result),
            **rounded(grouping),
            "embedding_model": model_name(),
            "seconds": round(perf_counter() - start, 1),
            "seconds_embedding": round(embedded - start, 1),
            "seconds_coverage": round(judged - embedded, 1),
            "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }
        if options["labels"]:
            measured["label_curve"] = [rounded(asdict(point)) for point in draw_curve(seen, ~folder.is_uncovered)]
        self.stdout.write(json.dumps(measured, indent=2))


def rounded(measured: dict[str, Any]) -> dict[str, Any]:
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in measured.items()}


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
