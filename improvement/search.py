"""The merchant's live passages: all of them in memory, or those nearest to a few questions."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import QuerySet

from improvement.models import SHARED, ArticleStatus, Chunk
from portal.embeddings import DIMENSIONS, Vectors, model_name
from portal.models import Merchant


@dataclass(frozen=True, slots=True)
class Match:
    """A passage near a question; similarity is the cosine, -1 to 1."""

    chunk_id: int
    article_id: int
    text: str
    similarity: float


@dataclass(frozen=True, slots=True)
class KnowledgeBase:
    """All live passages of a merchant in memory, for comparing many questions at once."""

    chunk_ids: list[int]
    article_ids: list[int]
    texts: list[str]
    vectors: Vectors


def live_chunks(merchant: Merchant, audiences: Collection[str] = SHARED) -> "QuerySet[Chunk]":
    """What the agent may answer from: an article for the team alone answers no customer."""
    chunks: QuerySet[Chunk] = Chunk.objects.for_merchant(merchant).filter(
        embedding_model=model_name(), article__status=ArticleStatus.PUBLISHED, article__audience__in=audiences
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
