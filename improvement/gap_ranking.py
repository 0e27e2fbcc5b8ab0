"""Impact and priority of a merchant's gaps, written to their rows. The arithmetic is in ranking.py."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np
from django.db import connection
from django.utils import timezone

from analytics.models import Channel, Outcome
from improvement.gap_lack import BEYOND_TEXT, find_lacks
from improvement.gap_served import Verified
from improvement.models import Gap, GapStatus, Question
from improvement.ranking import Observed, count_weeks, find_priorities, find_trend, measure_impact
from improvement.stream import Asked, Stream
from portal.models import Merchant
from portal.models.cost_inputs import CostInputs

CENT = Decimal("0.01")
# By question_gap (gap, asked_at) and the conversations' key.
_SEGMENTS = """
    SELECT q.gap_id, array_agg(DISTINCT c.channel), array_agg(DISTINCT c.language) FILTER (WHERE c.language <> '')
    FROM improvement_question q JOIN analytics_conversation c ON c.id = q.conversation_id
    WHERE q.gap_id = ANY(%s) GROUP BY q.gap_id
"""
ENDED = (Outcome.RESOLVED, Outcome.ESCALATED, Outcome.ABANDONED)
# These compete for attention; the others are decided.
RANKED = (GapStatus.OPEN, GapStatus.REOPENED, GapStatus.DRAFTING, GapStatus.IN_REVIEW)
FACTORS = (
    *("n_questions", "questions_per_week", "verified_resolution_rate", "text_answerable_share"),
    *("impact_per_week", "money_per_week", "priority", "weekly_counts", "trend", "lack", "lack_evidence"),
    *("channels", "languages"),
)


def rank_gaps(merchant: Merchant, stream: Stream, now: datetime) -> None:
    members = find_members(merchant, stream)
    cost = CostInputs.costs_of(merchant).human_conversation
    since = stream.asked[0].asked_at if stream.asked else now
    gaps = list(Gap.objects.for_merchant(merchant).order_by("pk"))
    before = {gap.pk: numbers_of(gap) for gap in gaps}
    lacks, segments = find_lacks(merchant, members, now), read_segments([gap.pk for gap in gaps])
    for gap in gaps:
        observed = [observe(merchant, one, now) for one in members[gap.pk]]
        impact = measure_impact(observed, since=since, now=now, cost_of_conversation=cost)
        gap.n_questions = len(observed)
        gap.questions_per_week = impact.questions_per_week
        gap.verified_resolution_rate = impact.verified_resolution_rate
        gap.text_answerable_share = impact.text_answerable_share
        gap.impact_per_week, gap.money_per_week = impact.per_week, impact.money_per_week.quantize(CENT)
        gap.weekly_counts = count_weeks([one.asked_at for one in observed], now=now)
        gap.trend = find_trend(gap.weekly_counts)
        gap.channels, gap.languages = segments.get(gap.pk, ([], []))
        if gap.pk in lacks:
            gap.lack, gap.lack_evidence = lacks[gap.pk]
    ranked = [gap for gap in gaps if gap.status in RANKED]
    for gap, priority in zip(ranked, find_priorities([gap.impact_per_week for gap in ranked]), strict=True):
        gap.priority = priority
    changed = [gap for gap in gaps if numbers_of(gap) != before[gap.pk]]
    for gap in changed:
        gap.updated_at = timezone.now()  # clients page by it
    Gap.objects.bulk_update(changed, [*FACTORS, "updated_at"])


def numbers_of(gap: Gap) -> tuple[object, ...]:
    return tuple(getattr(gap, name) for name in FACTORS)


def find_members(merchant: Merchant, stream: Stream) -> dict[int, list[Asked]]:
    by_id = {one.question_id: one for one in stream.asked}
    # By question_gap (gap, asked_at): a merchant's gaps are few, its questions many.
    gaps = Gap.objects.for_merchant(merchant).values("pk")
    rows = Question.objects.filter(gap__in=gaps).values_list("gap_id", "id")
    members: dict[int, list[Asked]] = defaultdict(list)
    for gap_id, question_id in rows:
        if question_id in by_id:
            members[gap_id].append(by_id[question_id])
    return members


def read_segments(gap_ids: Sequence[int]) -> dict[int, tuple[list[str], list[str]]]:
    """Gap → the channels and the languages in which it is asked."""
    with connection.cursor() as cursor:
        cursor.execute(_SEGMENTS, [list(gap_ids)])
        return {gap_id: (channels, languages or []) for gap_id, channels, languages in cursor.fetchall()}


def read_verified(merchant: Merchant, stream: Stream, now: datetime) -> Verified:
    observed = [observe(merchant, one, now) for one in stream.asked]
    return np.array([float(one.is_verified) if one.is_mature else np.nan for one in observed], dtype=np.float64)


def observe(merchant: Merchant, one: Asked, now: datetime) -> Observed:
    idle_hours = merchant.email_idle_hours if one.channel == Channel.EMAIL else merchant.chat_idle_hours
    pending = timedelta(hours=idle_hours, days=merchant.recontact_days)
    is_ended = one.outcome in ENDED
    return Observed(
        asked_at=one.asked_at,
        is_ended=is_ended,
        is_mature=is_ended and one.asked_at + pending <= now,
        is_verified=one.outcome == Outcome.RESOLVED and not one.is_refuted,
        is_text_answerable=one.handoff_reason not in BEYOND_TEXT,
    )
