"""Finds conversations by what was said in them, and the passage that shows it.

Words are found by their beginnings, "phrases in quotes" as they stand; the exact id of a thread or customer as well.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC

from django.db import connection
from django.db.models.expressions import RawSQL

from analytics.models import SearchProgress
from analytics.search_index import BEGINNING, DOCUMENT
from portal.models import Merchant
from portal.periods import Period

# Shorter beginnings fit too many words.
MIN_PREFIX = 3
# Conversations changed so recently that their words are not in the index yet are read as they are, so many at most.
MAX_UNINDEXED = 1000
START, STOP = "\x02", "\x03"

_TERM = re.compile(r'"([^"]*)"?|(\S+)')


@dataclass(frozen=True, slots=True)
class TextQuery:
    """A tsquery: SQL with its parameters."""

    sql: str
    parameters: tuple[str, ...]


def parse_text(text: str, *, all_words: bool = True) -> TextQuery | None:
    """None where the text holds no word."""
    parts, parameters = [], []
    for match in _TERM.finditer(text):
        phrase, word = match.groups()
        if word is None:
            parts.append("phraseto_tsquery('simple', %s)")
            parameters.append(phrase)
        elif word := word.strip("*"):
            # The parts of "t-77" are words too, and beginnings as short as theirs fit far too many.
            is_prefix = word.isalnum() and len(word) >= MIN_PREFIX
            parts.append("to_tsquery('simple', %s)" if is_prefix else "phraseto_tsquery('simple', %s)")
            parameters.append(f"'{word}':*" if is_prefix else word)
    return TextQuery(f"({(' && ' if all_words else ' || ').join(parts)})", tuple(parameters)) if parts else None


def matching_ids(merchant: Merchant, text: str, period: Period | None) -> RawSQL:
    """The ids of conversations in which all of it was said, as a subquery. Uses the indexes search_words (GIN),
    conversation_updated, conversation_episode and conversation_customer."""
    known = """
        SELECT id FROM analytics_conversation WHERE merchant_id = %s AND thread = %s
        UNION ALL SELECT id FROM analytics_conversation WHERE merchant_id = %s AND customer_id = %s
    """
    parameters: list[object] = [merchant.pk, text, merchant.pk, text]
    query = parse_text(text)
    if query is None:
        return RawSQL(known, parameters)  # noqa: S611 - constant SQL with parameters
    progress = SearchProgress.objects.for_merchant(merchant).first() or SearchProgress(merchant=merchant)
    sql = f"""
        {known}
        UNION ALL SELECT conversation_id FROM analytics_searchtext
        WHERE words @@ (%s::tsquery && {query.sql}) AND numnode({query.sql}) > 0
        UNION ALL SELECT conversation_id FROM (
            SELECT m.conversation_id, {DOCUMENT} AS words FROM analytics_message m WHERE m.conversation_id IN (
                SELECT id FROM analytics_conversation WHERE merchant_id = %s AND (updated_at, id) > (%s, %s)
                ORDER BY updated_at DESC, id DESC LIMIT {MAX_UNINDEXED}
            ) GROUP BY m.conversation_id
        ) AS unindexed WHERE words @@ {query.sql}
    """
    parameters += [_scope(merchant, period), *query.parameters, *query.parameters]
    parameters += [merchant.pk, progress.updated_at or BEGINNING, progress.conversation_id, *query.parameters]
    return RawSQL(sql, parameters)  # noqa: S611 - constant SQL with parameters


def _scope(merchant: Merchant, period: Period | None) -> str:
    """The lexemes of the merchant's months that the period touches (search_index.py)."""
    if period is None:
        return f"'@{merchant.pk}/':*"
    start, end = period.start.astimezone(UTC), period.end.astimezone(UTC)
    months = range(start.year * 12 + start.month - 1, end.year * 12 + end.month)
    return " | ".join(f"'@{merchant.pk}/{month // 12:04d}{month % 12 + 1:02d}'" for month in months)


@dataclass(frozen=True, slots=True)
class Piece:
    text: str
    is_found: bool


def find_passages(conversation_ids: Iterable[int], text: str) -> dict[int, Sequence[Piece]]:
    """By conversation, the passage of the message that fits best. Uses the index message_once."""
    ids, query = list(conversation_ids), parse_text(text, all_words=False)
    if not ids or query is None:
        return {}
    sql = f"""
        SELECT DISTINCT ON (m.conversation_id) m.conversation_id, ts_headline('simple', m.text, {query.sql},
            'StartSel={START}, StopSel={STOP}, MaxFragments=1, MaxWords=24, MinWords=8')
        FROM analytics_message m, LATERAL to_tsvector('simple', left(m.text, 100000)) AS words
        WHERE m.conversation_id = ANY(%s) AND words @@ {query.sql}
        ORDER BY m.conversation_id, ts_rank(words, {query.sql}) DESC, m.occurred_at, m.id
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [*query.parameters, ids, *query.parameters, *query.parameters])
        return {pk: list(_pieces(passage)) for pk, passage in cursor.fetchall()}


def _pieces(passage: str) -> Iterable[Piece]:
    for part in re.split(f"({START}[^{STOP}]*{STOP})", passage):
        if part:
            yield Piece(part.strip(START + STOP), is_found=part.startswith(START))
