"""Why the knowledge base does not answer a gap's questions, from what their conversations showed."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import F

from analytics.models import HandoffReason, Outcome
from improvement.models import ArticlePair, ArticleStatus, ArticleVersion, Lack, PairKind, PairStatus
from improvement.ranking import RECENT
from improvement.stream import Asked
from portal.models import Merchant

# No article could lift a policy, mend a tool or do what the agent cannot.
BEYOND_TEXT = (HandoffReason.UNSUPPORTED_REQUEST, HandoffReason.POLICY_RESTRICTION, HandoffReason.TOOL_FAILURE)
MOSTLY = 0.5
# An article that was used in so many of the conversations, and failed in most of them, has a part in it.
USED_FROM = 0.3
# Of a text that was right when it was written.
OLD = timedelta(days=180)
MIN_CONVERSATIONS = 3
N_NEAREST = 3

# By message_once (conversation, occurred_at, event_id).
_USES = """
    SELECT c.id, source ->> 'article_id'
    FROM unnest(%s::bigint[]) AS c(id)
    JOIN analytics_message m ON m.conversation_id = c.id AND m.author = 'agent' AND m.sources <> '[]'::jsonb
    CROSS JOIN LATERAL jsonb_array_elements(m.sources) source
    GROUP BY 1, 2
"""
# By question_gap (gap, asked_at).
_NEAREST = """
    SELECT gap_id, nearest_article_id, count(*) FROM improvement_question
    WHERE gap_id = ANY(%s) AND nearest_article_id IS NOT NULL GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Text:
    """An article's live text."""

    article_id: int
    published_at: datetime


def find_lacks(
    merchant: Merchant, members: Mapping[int, Sequence[Asked]], now: datetime
) -> dict[int, tuple[str, dict[str, Any]]]:
    """Per gap the kind of lack and its evidence: numbers and ids of articles, which the page puts into words."""
    recent = {gap_id: [one for one in asked if one.asked_at > now - RECENT] for gap_id, asked in members.items()}
    uses = read_uses([one.conversation_id for asked in recent.values() for one in asked])
    nearest = read_nearest(list(members))
    texts = read_texts(merchant)
    disputed = read_disputes(merchant)
    return {
        gap_id: find_lack(asked, uses=uses, texts=texts, nearest=nearest[gap_id], disputed=disputed)
        for gap_id, asked in recent.items()
    }


def find_lack(
    asked: Sequence[Asked],
    *,
    uses: Mapping[int, Sequence[str]],
    texts: Mapping[str, Text],
    nearest: Sequence[int],
    disputed: Mapping[tuple[int, int], int],
) -> tuple[str, dict[str, Any]]:
    reasons = Counter(one.handoff_reason for one in asked if one.handoff_reason)
    beyond = {reason.value: reasons[reason] for reason in BEYOND_TEXT if reasons[reason]}
    n_beyond = sum(beyond.values())
    if n_beyond >= MIN_CONVERSATIONS and n_beyond > MOSTLY * len(asked):
        return Lack.NEEDS_ACTION, {"n": len(asked), "n_beyond": n_beyond, "reasons": beyond}
    for pair, pair_id in disputed.items():
        if set(pair) <= set(nearest):
            return Lack.CONTRADICTORY, {"articles": list(pair), "pair": pair_id}
    failures: dict[str, list[Asked]] = defaultdict(list)
    n_used: Counter[str] = Counter()
    for one in asked:
        for external_id in uses.get(one.conversation_id, ()):
            n_used[external_id] += 1
            if did_not_help(one):
                failures[external_id].append(one)
    for external_id, n_uses in n_used.most_common():
        failed, text = failures[external_id], texts.get(external_id)
        if text is None or n_uses < max(MIN_CONVERSATIONS, USED_FROM * len(asked)) or len(failed) <= MOSTLY * n_uses:
            continue
        age = max(one.asked_at for one in failed) - text.published_at
        evidence = {"articles": [text.article_id], "n": len(asked), "n_used": n_uses, "n_failed": len(failed)}
        if age >= OLD:
            return Lack.STALE, {**evidence, "days_old": age.days}
        return Lack.MISSING, evidence
    return Lack.MISSING, {"articles": list(nearest[:1])}


def did_not_help(one: Asked) -> bool:
    return one.is_refuted or one.outcome in (Outcome.ESCALATED, Outcome.ABANDONED)


def read_uses(conversation_ids: Sequence[int]) -> dict[int, list[str]]:
    """Conversation → external ids of the articles that the agent cited in it."""
    uses: dict[int, list[str]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_USES, [list(conversation_ids)])
        for conversation_id, external_id in cursor.fetchall():
            uses[conversation_id].append(external_id)
    return uses


def read_nearest(gap_ids: Sequence[int]) -> dict[int, list[int]]:
    """Gap → the articles that lie nearest to most of its questions."""
    counts: dict[int, Counter[int]] = defaultdict(Counter)
    with connection.cursor() as cursor:
        cursor.execute(_NEAREST, [list(gap_ids)])
        for gap_id, article_id, n in cursor.fetchall():
            counts[gap_id][article_id] = n
    return defaultdict(list, {gap: [a for a, _n in found.most_common(N_NEAREST)] for gap, found in counts.items()})


def read_texts(merchant: Merchant) -> dict[str, Text]:
    live = ArticleVersion.objects.filter(article__merchant=merchant, article__live_version=F("pk"))
    live = live.filter(article__status=ArticleStatus.PUBLISHED)
    rows = live.values_list("article__external_id", "article_id", "published_at")
    return {external_id: Text(article_id, published_at) for external_id, article_id, published_at in rows}


def read_disputes(merchant: Merchant) -> dict[tuple[int, int], int]:
    pairs = ArticlePair.objects.for_merchant(merchant).filter(kind=PairKind.CONTRADICTION, status=PairStatus.OPEN)
    return {(first, second): pk for pk, first, second in pairs.values_list("pk", "first_id", "second_id")}
