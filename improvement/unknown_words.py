"""Which words of customers' questions no article says, whatever their ending."""

import re
from collections.abc import Collection
from typing import Any

from django.db import connection

from improvement.models import Article, ArticleStatus
from improvement.word_configs import word_config
from portal.embeddings import model_name
from portal.models import Merchant

MAX_WORDS = 600
# Numbers and short words say little; a contraction ("didn't") is two words to PostgreSQL, of which none was asked.
_WORD = re.compile(r"[^\W\d_]{3,}\b(?!['’](?!s\b)\w)")

# Reads the index chunk_words once for each word and language of the articles. A word that a language leaves out as
# too common is known.
_UNKNOWN = """
    SELECT asked.word FROM unnest(%(words)s::text[]) AS asked(word)
    WHERE NOT EXISTS (
        SELECT 1 FROM unnest(%(configs)s::text[]) AS spoken(config)
        WHERE numnode(plainto_tsquery(spoken.config::regconfig, asked.word)) = 0 OR EXISTS (
            SELECT 1 FROM improvement_chunk c JOIN improvement_article a ON a.id = c.article_id
            WHERE c.merchant_id = %(merchant)s AND c.words @@ plainto_tsquery(spoken.config::regconfig, asked.word)
                AND a.status = %(status)s AND c.word_config = spoken.config AND c.embedding_model = %(model)s
        )
    )
"""


def split_words(text: str) -> list[str]:
    """In their order, each once, in small letters."""
    return list(dict.fromkeys(word.lower() for word in _WORD.findall(text)))


def find_unknown_words(merchant: Merchant, texts: Collection[str]) -> set[str]:
    """Of the first MAX_WORDS different words; empty where there is no article."""
    words = list(dict.fromkeys(word for text in texts for word in split_words(text)))[:MAX_WORDS]
    articles = Article.objects.for_merchant(merchant).filter(status=ArticleStatus.PUBLISHED).order_by()
    configs = sorted({word_config(code) for code in articles.values_list("language", flat=True).distinct()})
    if not words or not configs:
        return set()
    asked: dict[str, Any] = {"words": words, "configs": configs, "merchant": merchant.pk, "model": model_name()}
    asked["status"] = ArticleStatus.PUBLISHED.value
    with connection.cursor() as cursor:
        cursor.execute(_UNKNOWN, asked)
        return {word for (word,) in cursor.fetchall()}
