import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from improvement.article_search import Candidate, find_candidates, rank, weigh_words
from improvement.article_texts import ArticleText
from improvement.articles import save_articles
from improvement.management.commands.evaluate_gaps import read
from portal.embeddings import EmbeddingError, embed, model_name
from portal.models import Merchant

Ranking = Callable[[Sequence[Candidate]], list[int]]
# Reciprocal rank fusion with the constant of its paper (Cormack, Clarke, Buettcher 2009), to compare with.
FUSION = 60


class Command(BaseCommand):
    help = (
        "Measures article search on a folder with articles.jsonl (external_id, title, body) and questions.jsonl (text, "
        "topic, covered): how often the right article of a covered question is first, and among the first five. Uses "
        "the database for a merchant of its own, of which nothing stays."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            articles = read(options["folder"] / "articles.jsonl")
            questions = [row for row in read(options["folder"] / "questions.jsonl") if row["covered"]]
        except (OSError, KeyError, json.JSONDecodeError) as error:
            raise CommandError(f"{options['folder']} cannot be read: {error!r}") from error
        with transaction.atomic():
            try:
                result = measure(articles, questions)
            except EmbeddingError as error:
                raise CommandError(str(error)) from error
            finally:
                transaction.set_rollback(True)
        self.stdout.write(json.dumps(result, indent=2))


def measure(articles: list[dict[str, Any]], questions: list[dict[str, Any]]) -> dict[str, Any]:
    merchant = Merchant.objects.create(slug=f"search-{uuid4().hex[:12]}", name="Search", timezone="UTC")
    texts = [ArticleText(row["external_id"], row["title"], row["body"], timezone.now()) for row in articles]
    ids = {saved.article.external_id: saved.article.pk for saved in save_articles(merchant, texts)}
    vectors = embed([row["text"] for row in questions])
    places: dict[str, list[int]] = {name: [] for name in RANKINGS}
    for row, vector in zip(questions, vectors, strict=True):
        words = weigh_words(merchant, row["text"], model_name())
        found = find_candidates(merchant, vector, words, model=model_name())
        for name, ranking in RANKINGS.items():
            order = ranking(found)
            places[name].append(order.index(ids[row["topic"]]) if ids[row["topic"]] in order else len(ids))
    return {
        "articles": len(articles),
        "questions": len(questions),
        "embedding_model": model_name(),
        **{
            name: {f"recall@{k}": round(sum(place < k for place in at) / len(at), 4) for k in (1, 5)}
            for name, at in places.items()
        },
    }


def by_meaning(found: Sequence[Candidate]) -> list[int]:
    return best_first(found, lambda one: one.similarity)


def by_words(found: Sequence[Candidate]) -> list[int]:
    return best_first([one for one in found if one.words], lambda one: one.words)


def by_ranks(found: Sequence[Candidate]) -> list[int]:
    scores: dict[int, float] = {}
    for order in (by_meaning(found), by_words(found)):
        for place, article_id in enumerate(order, start=1):
            scores[article_id] = scores.get(article_id, 0) + 1 / (FUSION + place)
    return sorted(scores, key=lambda article_id: (-scores[article_id], article_id))


def best_first(found: Sequence[Candidate], measure_of: Callable[[Candidate], float]) -> list[int]:
    best: dict[int, float] = {}
    for one in found:
        best[one.article_id] = max(best.get(one.article_id, -1), measure_of(one))
    return sorted(best, key=lambda article_id: (-best[article_id], article_id))


def by_both(found: Sequence[Candidate]) -> list[int]:
    return [article_id for article_id, _score in rank(found)]


RANKINGS: dict[str, Ranking] = {
    "meaning alone": by_meaning,
    "words alone": by_words,
    "reciprocal ranks": by_ranks,
    "search": by_both,
}
