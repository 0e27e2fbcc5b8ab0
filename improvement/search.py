"""Finds what the knowledge base has to say: an exact scan of the merchant's own passages, and full text beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.contrib.postgres.search import SearchQuery, SearchRank, SearchVector
from django.db.models import QuerySet
from pgvector.django import CosineDistance

from improvement.models import Article, ArticleStatus, Chunk
from portal.embeddings import DIMENSIONS, Vectors, embed, model_name
from portal.models import Merchant

N_CANDIDATES = 50
# Reciprocal rank fusion (Cormack, Clarke, Buettcher 2009) with the constant of the paper.
FUSION = 60
CONFIGS = {"en": "english", "de": "german", "fr": "french", "es": "spanish", "it": "italian", "nl": "dutch"}


@dataclass(frozen=True, slots=True)
class Match:
    """A passage near a question; similarity is the cosine, -1 to 1."""

    chunk_id: int
    article_id: int
    text: str
    similarity: float


@dataclass(frozen=True, slots=True)
class ArticleHit:
    article: Article
    passage: str
    similarity: float | None  # None: found by its words alone
    score: float


@dataclass(frozen=True, slots=True)
class KnowledgeBase:
    """All live passages of a merchant in memory, for comparing many questions at once."""

    chunk_ids: list[int]
    article_ids: list[int]
    texts: list[str]
    vectors: Vectors


def live_chunks(merchant: Merchant) -> "QuerySet[Chunk]":
    chunks: QuerySet[Chunk] = Chunk.objects.for_merchant(merchant).filter(
        embedding_model=model_name(), article__status=ArticleStatus.PUBLISHED
    )
    return chunks


def load_knowledge_base(merchant: Merchant) -> KnowledgeBase:
    rows = live_chunks(merchant).order_by("article_id", "position")
    found = list(rows.values_list("id", "article_id", "text", "embedding"))
    vectors = to_array([row[3] for row in found])
    return KnowledgeBase([r[0] for r in found], [r[1] for r in found], [r[2] for r in found], vectors)


def to_array(values: Sequence[Any]) -> Vectors:
    """Vectors as the database gives them: pgvector's text "[1,2,…]" from plain SQL, arrays from the ORM."""
    if values and isinstance(values[0], str):
        values = [np.fromstring(value[1:-1], dtype=np.float32, sep=",") for value in values]
    return np.asarray(values, dtype=np.float32).reshape(len(values), DIMENSIONS)


def nearest_chunks(merchant: Merchant, vectors: Vectors, k: int) -> list[list[Match]]:
    """For each row of `vectors` the k nearest passages, nearest first; fewer where the merchant has fewer."""
    base = load_knowledge_base(merchant)
    if not base.texts:
        return [[] for _row in vectors]
    similarities = vectors @ base.vectors.T
    best = np.argsort(-similarities, axis=1, kind="stable")[:, :k]
    return [
        [
            Match(base.chunk_ids[i], base.article_ids[i], base.texts[i], float(similarities[row, i]))
            for i in indexes.tolist()
        ]
        for row, indexes in enumerate(best)
    ]


def search_articles(merchant: Merchant, query: str, limit: int) -> list[ArticleHit]:
    """The best articles for `query`, by meaning and by words together."""
    if not query.strip():
        return []
    by_meaning = find_by_meaning(merchant, embed([query])[0])
    by_words = find_by_words(merchant, query)
    scores: dict[int, float] = {}
    for ranked in (by_meaning, by_words):
        for rank, match in enumerate(ranked):
            scores[match.article_id] = scores.get(match.article_id, 0.0) + 1 / (FUSION + 1 + rank)
    best = sorted(scores, key=lambda article_id: (-scores[article_id], article_id))[:limit]
    articles = Article.objects.for_merchant(merchant).select_related("live_version").in_bulk(best)
    near = {match.article_id: match for match in by_meaning}
    said = {match.article_id: match for match in by_words}
    return [
        ArticleHit(
            article=articles[article_id],
            passage=(near.get(article_id) or said[article_id]).text,
            similarity=near[article_id].similarity if article_id in near else None,
            score=scores[article_id],
        )
        for article_id in best
    ]


def find_by_meaning(merchant: Merchant, vector: Vectors) -> list[Match]:
    """One match per article, its best. Exact, because an HNSW index filters by merchant only after its scan."""
    rows = live_chunks(merchant).annotate(distance=CosineDistance("embedding", vector)).order_by("distance")
    found = rows.values_list("id", "article_id", "text", "distance")[:N_CANDIDATES]
    return best_per_article([Match(id_, article, text, 1 - distance) for id_, article, text, distance in found])


def find_by_words(merchant: Merchant, query: str) -> list[Match]:
    """Any of the words counts: a question seldom holds only the words of its answer."""
    languages = live_chunks(merchant).values_list("article__language", flat=True).distinct().order_by()
    found: list[Match] = []
    for config in sorted({CONFIGS.get(language[:2], "simple") for language in languages}):
        codes = [language for language in languages if CONFIGS.get(language[:2], "simple") == config]
        words = SearchVector("text", config=config)
        asked = any_word(query, config)
        rows = live_chunks(merchant).filter(article__language__in=codes).annotate(words=words).filter(words=asked)
        ranked = rows.annotate(rank=SearchRank(words, asked)).order_by("-rank", "id")
        found.extend(Match(*row) for row in ranked.values_list("id", "article_id", "text", "rank")[:N_CANDIDATES])
    return best_per_article(sorted(found, key=lambda match: -match.similarity))


def any_word(query: str, config: str) -> SearchQuery:
    first, *rest = [SearchQuery(word, config=config) for word in dict.fromkeys(query.split()[:40])]
    combined = first
    for word in rest:
        combined = combined | word
    return combined


def best_per_article(matches: Sequence[Match]) -> list[Match]:
    best: dict[int, Match] = {}
    for match in matches:
        best.setdefault(match.article_id, match)
    return list(best.values())
