"""The articles that fit a question best, by meaning and by words together (docs/knowledge.md has the measurements).

A passage's score is its cosine, plus a tenth of the share of the question's words that it holds, rare words counting
for more. An article's is the soft maximum over its passages: one that fits exactly beats several that fit somewhat, and
where two are alike the one with more to say wins. Reciprocal rank fusion was measured too and loses to the vectors
alone, because it believes the weaker list as much as the stronger one.
"""

import math
import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from improvement.article_index import is_indexed
from improvement.models import SHARED, Article, ArticleStatus
from improvement.search_state import find_search_model
from improvement.word_configs import word_config
from improvement.word_counting import count_words
from portal.embeddings import Vectors, embed
from portal.models import Merchant

N_CANDIDATES = 50
WORDS_SAY = 0.1
# A model number or an error code is either there or not, and sentence vectors hardly see it.
CODES_SAY = 0.4
SHARPNESS = 20
MAX_WORDS = 40
# Passages that only share words which so many others have, too, are no candidates: ordering them all took a fifth of a
# second, and such words say next to nothing.
MAX_SHARING = 5_000
_HAS_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which articles may be found; an empty language stands for all."""

    audiences: Collection[str] = SHARED
    language: str = ""


@dataclass(frozen=True, slots=True)
class ArticleHit:
    article: Article
    passage: str
    heading: str  # the headings that the passage stands under
    similarity: float  # cosine of the passage, -1 to 1
    words: float  # share of the question's words in the passage, 0 to 1
    score: float


@dataclass(frozen=True, slots=True)
class Word:
    """One word of the question as one configuration reads it; the weights of a configuration add up to 1."""

    config: str
    lexeme: str
    weight: float
    n_passages: int


@dataclass(frozen=True, slots=True)
class Candidate:
    article_id: int
    text: str
    heading: str
    similarity: float
    words: float
    score: float


# `c` is a live passage of the merchant that passes the filter. An exact scan reads the index chunk_merchant; above
# article_index.EXACT_BELOW the merchant's own HNSW index serves `near`.
_LIVE = """
    improvement_chunk c JOIN improvement_article a ON a.id = c.article_id
    WHERE c.merchant_id = {merchant} AND c.embedding_model = %(model)s AND a.status = %(status)s
    AND a.audience = ANY(%(audiences)s) AND (%(language)s = '' OR a.language = %(language)s
        OR starts_with(a.language, %(language)s || '-'))
"""
_SPLIT = """
    SELECT config, tsvector_to_array(to_tsvector(config::regconfig, %s)) FROM unnest(%s::text[]) AS config
"""
_FIND = """
    WITH asked(config, lexeme, weight) AS (
        SELECT * FROM unnest(%(configs)s::text[], %(lexemes)s::text[], %(weights)s::float8[])
    ), near AS (
        SELECT c.id FROM {live} ORDER BY c.embedding <=> %(vector)s::vector LIMIT %(n)s
    ), said AS (
        SELECT c.id FROM {live} AND c.words @@ %(any_word)s::tsquery
        ORDER BY (SELECT sum(weight) FROM asked WHERE config = c.word_config
                  AND lexeme = ANY(tsvector_to_array(c.words))) DESC NULLS LAST, c.id LIMIT %(n)s
    )
    SELECT c.article_id, c.text, c.heading, 1 - (c.embedding <=> %(vector)s::vector),
        ARRAY(SELECT lexeme FROM asked WHERE config = c.word_config AND lexeme = ANY(tsvector_to_array(c.words))),
        c.word_config
    FROM improvement_chunk c WHERE c.id IN (SELECT id FROM near UNION SELECT id FROM said)
    ORDER BY c.id
"""


def search_articles(merchant: Merchant, query: str, limit: int, wanted: Filter | None = None) -> list[ArticleHit]:
    """The best first. Raises EmbeddingError."""
    query = query.replace("\x00", " ")
    if not query.strip():
        return []
    found = find_by_live_model(merchant, query, wanted)
    order = rank(found)[:limit]
    articles = (
        Article.objects.for_merchant(merchant)
        .select_related("live_version")
        .in_bulk([article_id for article_id, _score in order])
    )
    top: dict[int, Candidate] = {}
    for one in sorted(found, key=lambda one: one.score):
        top[one.article_id] = one
    return [
        ArticleHit(
            article=articles[article_id],
            passage=top[article_id].text,
            heading=top[article_id].heading,
            similarity=top[article_id].similarity,
            words=top[article_id].words,
            score=score,
        )
        for article_id, score in order
        if article_id in articles
    ]


def find_by_live_model(merchant: Merchant, query: str, wanted: Filter | None) -> list[Candidate]:
    """Again where the merchant moved to another model meanwhile: the vectors that were asked for may be gone."""
    model = find_search_model(merchant)
    while True:
        vector = embed([query], model=model)[0]
        found = find_candidates(merchant, vector, weigh_words(merchant, query, model), wanted, model=model)
        asked, model = model, find_search_model(merchant)
        if asked == model:
            return found


def rank(found: Sequence[Candidate]) -> list[tuple[int, float]]:
    """Articles with their scores, the best first."""
    scores: dict[int, list[float]] = defaultdict(list)
    for one in found:
        scores[one.article_id].append(one.score)
    ranked = [(article_id, soft_maximum(of_article)) for article_id, of_article in scores.items()]
    return sorted(ranked, key=lambda pair: (-pair[1], pair[0]))


def soft_maximum(scores: Sequence[float]) -> float:
    """Never below the maximum, and above it by ln(n) / SHARPNESS at most."""
    top = max(scores)
    return top + math.log(sum(math.exp(SHARPNESS * (score - top)) for score in scores)) / SHARPNESS


def weigh_words(merchant: Merchant, query: str, model: str) -> list[Word]:
    """The question's words with their share of its meaning: the weights of BM25 (Robertson, Zaragoza 2009)."""
    languages = Article.objects.for_merchant(merchant).filter(status=ArticleStatus.PUBLISHED)
    configs = sorted({word_config(code) for code in languages.values_list("language", flat=True).distinct().order_by()})
    with connection.cursor() as cursor:
        cursor.execute(_SPLIT, [" ".join(query.split()[:MAX_WORDS]), configs])
        lexemes: dict[str, list[str]] = dict(cursor.fetchall())
    total, counts = count_words(merchant, {word for words in lexemes.values() for word in words}, model)
    # Counts may be older than the total, or the other way round.
    rarity = {word: math.log(1 + max(total - n + 0.5, 0) / (n + 0.5)) for word, n in counts.items()}
    sums = {config: sum(rarity[word] for word in words) or 1 for config, words in lexemes.items()}
    return [
        Word(config, word, rarity[word] / sums[config], counts[word])
        for config, words in lexemes.items()
        for word in words
    ]


def selective(words: Sequence[Word]) -> list[str]:
    """The rarest lexemes that no more than MAX_SHARING passages share."""
    chosen, n_sharing = [], 0
    counts = {word.lexeme: word.n_passages for word in words}
    for lexeme, n_passages in sorted(counts.items(), key=lambda pair: (pair[1], pair[0])):
        n_sharing += n_passages
        if n_sharing > MAX_SHARING:
            break
        chosen.append(lexeme)
    return chosen


def find_candidates(
    merchant: Merchant, vector: Vectors, words: Sequence[Word], wanted: Filter | None = None, *, model: str
) -> list[Candidate]:
    """The passages nearest in meaning and those that share most words, each with both measures."""
    wanted = wanted or Filter()
    asked: dict[str, Any] = {
        "model": model,
        "status": ArticleStatus.PUBLISHED.value,
        "audiences": [str(audience) for audience in wanted.audiences],
        "language": wanted.language,
        "vector": "[" + ",".join(f"{value:.7g}" for value in vector.tolist()) + "]",
        "n": N_CANDIDATES,
        "configs": [word.config for word in words],
        "lexemes": [word.lexeme for word in words],
        "weights": [word.weight for word in words],
        "any_word": " | ".join(quote_lexeme(lexeme) for lexeme in selective(words)),
    }
    merchant_id = int(merchant.pk)  # stands in the statement itself, so that the planner may take the partial index
    statement = _FIND.format(live=_LIVE.format(merchant=merchant_id))
    with transaction.atomic(), connection.cursor() as cursor:
        if is_indexed(merchant, model):
            cursor.execute("SET LOCAL hnsw.iterative_scan = relaxed_order")
            cursor.execute("SET LOCAL hnsw.ef_search = 100")
        cursor.execute(statement, asked)
        rows = cursor.fetchall()
    weights = {(word.config, word.lexeme): word.weight for word in words}
    return [
        Candidate(article_id, text, heading, similarity, *add_words(similarity, config, lexemes, weights))
        for article_id, text, heading, similarity, lexemes, config in rows
    ]


def add_words(
    similarity: float, config: str, lexemes: Sequence[str], weights: dict[tuple[str, str], float]
) -> tuple[float, float]:
    """The share of the words, and the score of both together."""
    share = sum(weights[config, lexeme] for lexeme in lexemes)
    codes = sum(weights[config, lexeme] for lexeme in lexemes if _HAS_DIGIT.search(lexeme))
    return share, similarity + WORDS_SAY * share + (CODES_SAY - WORDS_SAY) * codes


def quote_lexeme(lexeme: str) -> str:
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"
