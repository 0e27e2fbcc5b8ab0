"""In how many of a merchant's passages a word is. A large merchant's frequent words are counted in the background.

Counting a word that is in a third of 100,000 passages takes a hundred milliseconds, and a question has several. What
the background did not find frequent is rare, and counted at once. A word counts whatever the language of its passage:
the index of words knows none, so counting one language's alone would read the passages of all.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import connection

from improvement.models import Chunk, WordCount
from portal.models import Merchant

COUNTED_ABOVE = 2_000
FREQUENT = 200

# How often each word is in all passages, of whatever state: it only weighs.
_COUNT_ALL = """
    SELECT word, ndoc FROM ts_stat(format(
        'SELECT words FROM improvement_chunk WHERE merchant_id = %%s AND embedding_model = %%L',
        %(merchant)s::bigint, %(model)s::text))
    WHERE ndoc >= %(least)s
"""
# The words are read from the index chunk_words. With a LIMIT the planner would hope to meet them soon in the table.
_COUNT = """
    SELECT asked.lexeme,
        (SELECT count(*) FROM improvement_chunk c WHERE c.merchant_id = {merchant}
         AND c.words @@ (quote_literal(asked.lexeme)::tsquery) AND c.embedding_model = %(model)s)
    FROM unnest(%(lexemes)s::text[]) AS asked(lexeme)
"""


def count_frequent_words(merchant: Merchant, model: str, *, now: datetime) -> None:
    """Safe to repeat; a merchant with few passages needs none."""
    chunks = Chunk.objects.for_merchant(merchant).filter(embedding_model=model)
    n_passages = chunks.count()
    if n_passages < COUNTED_ABOVE:
        WordCount.objects.filter(merchant=merchant).delete()
        return
    with connection.cursor() as cursor:
        asked: dict[str, Any] = {"merchant": merchant.pk, "model": model, "least": FREQUENT}
        cursor.execute(_COUNT_ALL, asked)
        frequent: dict[str, int] = dict(cursor.fetchall())
    counted = {"n_passages": n_passages, "frequent": frequent, "counted_at": now}
    WordCount.objects.update_or_create(merchant=merchant, defaults=counted)


def count_words(merchant: Merchant, lexemes: Collection[str], model: str) -> tuple[int, dict[str, int]]:
    """How many passages there are, and in how many each lexeme is."""
    known = WordCount.objects.filter(merchant=merchant).first()
    frequent: dict[str, int] = known.frequent if known else {}
    found = {word: frequent[word] for word in lexemes if word in frequent}
    if rest := [word for word in lexemes if word not in frequent]:
        with connection.cursor() as cursor:
            cursor.execute(_COUNT.format(merchant=int(merchant.pk)), {"model": model, "lexemes": rest})
            found |= dict(cursor.fetchall())
    if known:
        return known.n_passages, found
    return Chunk.objects.for_merchant(merchant).filter(embedding_model=model).count(), found
