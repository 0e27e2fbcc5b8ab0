"""The passages of articles with their vectors: computed once per text, and kept beside each other by model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from improvement.chunking import read_passages
from improvement.models import Article, Chunk
from improvement.word_configs import word_config
from portal.embeddings import DIMENSIONS, Vectors, embed, model_name
from portal.models import Merchant

ARTICLES_AT_ONCE = 50

Report = Callable[[int, int], None]


def ignore(_done: int, _total: int) -> None:
    """Where nobody watches."""


@dataclass(frozen=True, slots=True)
class Passages:
    texts: list[str]
    vectors: Vectors
    model: str
    headings: list[str]


def embed_passages(title: str, body: str) -> Passages:
    """Raises EmbeddingError."""
    (passages,) = embed_all([(title, body)], {}, model_name())
    return passages


def embed_for(
    merchant: Merchant, texts: Sequence[tuple[str, str]], *, model: str, report: Report = ignore
) -> list[Passages]:
    """Of many articles (title, body) at once. What the merchant's passages hold already is not computed again.

    `report` is told how many articles are done, of how many. Raises EmbeddingError.
    """
    made: list[Passages] = []
    for start in range(0, len(texts), ARTICLES_AT_ONCE):
        part = texts[start : start + ARTICLES_AT_ONCE]
        wanted = {passage.text for title, body in part for passage in read_passages(title, body)}
        made.extend(embed_all(part, known_vectors(merchant, wanted, model), model))
        report(len(made), len(texts))
    return made


def known_vectors(merchant: Merchant, texts: set[str], model: str) -> dict[str, Vectors]:
    """Vectors of this one model. Reads the index chunk_merchant, and the texts that are asked for."""
    chunks = Chunk.objects.for_merchant(merchant).filter(embedding_model=model, text__in=texts)
    return dict(chunks.values_list("text", "embedding")) if texts else {}


def embed_all(texts: Sequence[tuple[str, str]], known: dict[str, Vectors], model: str) -> list[Passages]:
    articles = [read_passages(title, body) for title, body in texts]
    new = list(dict.fromkeys(p.text for passages in articles for p in passages if p.text not in known))
    vectors = {**known, **dict(zip(new, embed(new, model=model), strict=True))}
    return [
        Passages(
            texts=[passage.text for passage in passages],
            vectors=np.array([vectors[passage.text] for passage in passages], np.float32).reshape(-1, DIMENSIONS),
            model=model,
            headings=[passage.heading for passage in passages],
        )
        for passages in articles
    ]


def replace_all_chunks(articles: Sequence[tuple[Article, Passages]]) -> None:
    """An article comes once for each model. The vectors of any other belong to a text that is gone."""
    Chunk.objects.filter(article__in={article.pk for article, _passages in articles}).delete()
    add_chunks(articles)


def add_chunks(articles: Sequence[tuple[Article, Passages]]) -> None:
    Chunk.objects.bulk_create(
        (
            Chunk(
                merchant_id=article.merchant_id,
                article_id=article.pk,
                position=position,
                heading=heading,
                text=text,
                word_config=word_config(article.language),
                embedding=vector,
                embedding_model=passages.model,
            )
            for article, passages in articles
            for position, (text, heading, vector) in enumerate(
                zip(passages.texts, passages.headings, passages.vectors, strict=True)
            )
        ),
        batch_size=1000,
    )
