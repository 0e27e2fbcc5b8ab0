"""In how many of a merchant's passages a word is. A large merchant's frequent words are counted in the background.

Counting a word that is in a third of 100,000 passages takes a hundred milliseconds, and a question has several. What
the background does not know yet is counted at once, as far as MOST.
"""

from datetime import datetime
from typing import Any

from django.db import connection

from improvement.models import Chunk, WordCount
from portal.models import Merchant

COUNTED_ABOVE = 2_000
FREQUENT = 200
MOST = 1_000

# How often each word is in all passages, of whatever model and state: it only weighs.
_COUNT_ALL = """
    SELECT word, ndoc FROM ts_stat(format(
        'SELECT words FROM improvement_chunk WHERE merchant_id = %%s AND embedding_model = %%L AND word_config = %%L',
        %(merchant)s::bigint, %(model)s::text, %(config)s::text))
    WHERE ndoc >= %(least)s
"""
# The words are read from the index chunk_words.
_COUNT = """
    SELECT asked.lexeme,
        (SELECT count(*) FROM (SELECT FROM improvement_chunk c WHERE c.merchant_id = {merchant}
         AND c.words @@ (quote_literal(asked.lexeme)::tsquery) AND c.word_config = %(config)s
         AND c.embedding_model = %(model)s LIMIT %(most)s) found)
    FROM unnest(%(lexemes)s::text[]) AS asked(lexeme)
"""


def count_frequent_words(merchant: Merchant, model: str, *, now: datetime) -> None:
    """Safe to repeat; a merchant with few passages needs none."""
    chunks = Chunk.objects.for_merchant(merchant).filter(embedding_model=model)
    n_passages = chunks.count()
    if n_passages < COUNTED_ABOVE:
        WordCount.objects.filter(merchant=merchant).delete()
        return
    frequent: dict[str, dict[str, int]] = {}
    for config in chunks.values_list("word_config", flat=True).distinct().order_by():
        with connection.cursor() as cursor:
            asked: dict[str, Any] = {"merchant": merchant.pk, "model": model, "config": config, "least": FREQUENT}
            cursor.execute(_COUNT_ALL, asked)
            frequent[config] = dict(cursor.fetchall())
    counted = {"n_passages": n_passages, "frequent": frequent, "counted_at": now}
    WordCount.objects.update_or_create(merchant=merchant, defaults=counted)


def count_words(
    merchant: Merchant, lexemes: dict[str, list[str]], model: str
) -> tuple[int, dict[tuple[str, str], int]]:
    """How many passages there are, and in how many each (configuration, lexeme) is."""
    known = WordCount.objects.filter(merchant=merchant).first()
    found: dict[tuple[str, str], int] = {}
    for config, words in lexemes.items():
        frequent = known.frequent.get(config, {}) if known else {}
        found |= {(config, word): int(frequent[word]) for word in words if word in frequent}
        if rest := [word for word in words if word not in frequent]:
            limits: dict[str, Any] = {"config": config, "model": model, "lexemes": rest, "most": MOST}
            with connection.cursor() as cursor:
                cursor.execute(_COUNT.format(merchant=int(merchant.pk)), limits)
                found |= {(config, word): n for word, n in cursor.fetchall()}
    if known:
        return known.n_passages, found
    return Chunk.objects.for_merchant(merchant).filter(embedding_model=model).count(), found
