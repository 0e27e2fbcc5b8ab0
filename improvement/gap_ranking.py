"""Impact and priority of a merchant's gaps, written to their rows. The arithmetic is in ranking.py."""

from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from analytics.models import Channel, HandoffReason, Outcome
from improvement.models import Gap, GapStatus, Question
from improvement.ranking import Observed, find_priorities, measure_impact
from improvement.stream import Asked, Stream
from portal.models import Merchant
from portal.models.cost_inputs import CostInputs

CENT = Decimal("0.01")
ENDED = (Outcome.RESOLVED, Outcome.ESCALATED, Outcome.ABANDONED)
BEYOND_TEXT = (HandoffReason.UNSUPPORTED_REQUEST, HandoffReason.POLICY_RESTRICTION, HandoffReason.TOOL_FAILURE)
# These compete for attention; the others are decided.
RANKED = (GapStatus.OPEN, GapStatus.REOPENED, GapStatus.DRAFTING, GapStatus.IN_REVIEW)
FACTORS = (
    *("n_questions", "questions_per_week", "verified_resolution_rate", "text_answerable_share"),
    *("impact_per_week", "money_per_week", "priority"),
)


def rank_gaps(merchant: Merchant, stream: Stream, now: datetime) -> None:
    members = find_members(merchant, stream)
    cost = CostInputs.costs_of(merchant).human_conversation
    since = stream.asked[0].asked_at if stream.asked else now
    gaps = list(Gap.objects.for_merchant(merchant).order_by("pk"))
    before = {gap.pk: numbers_of(gap) for gap in gaps}
    for gap in gaps:
        observed = [observe(merchant, one, now) for one in members[gap.pk]]
        impact = measure_impact(observed, since=since, now=now, cost_of_conversation=cost)
        gap.n_questions = len(observed)
        gap.questions_per_week = impact.questions_per_week
        gap.verified_resolution_rate = impact.verified_resolution_rate
        gap.text_answerable_share = impact.text_answerable_share
        gap.impact_per_week, gap.money_per_week = impact.per_week, impact.money_per_week.quantize(CENT)
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
    rows = Question.objects.for_merchant(merchant).filter(gap__isnull=False).values_list("gap_id", "id")
    members: dict[int, list[Asked]] = defaultdict(list)
    for gap_id, question_id in rows:
        if question_id in by_id:
            members[gap_id].append(by_id[question_id])
    return members


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
