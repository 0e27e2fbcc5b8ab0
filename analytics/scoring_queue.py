"""Which conversations wait for which scorer, and who is at work on one.

The judge reads what ended within the last 30 days and lies in the merchant's sample, newest first, while the budget
lasts; after a change of the rubric or of its own version also the latest that it had scored before, to compare the two.
The local scorer reads everything without a score of a judge.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import CharField, Exists, F, Func, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Cast, Mod

from analytics import judge
from analytics.models import Conversation, Outcome, QualityScore, ScoreAttempt, Scorer
from analytics.rubric import Rubric, current_rubric
from analytics.trained_scorers import current_version
from portal import llm
from portal.models import Merchant
from portal.periods import Period

JUDGE_WINDOW = timedelta(days=30)
# Read again by a new version: enough to tell a step of 5 points from chance at the usual spread of differences.
OVERLAP = 50
MAX_ATTEMPTS = 4
# Before a failed answer is asked for again; doubled each time.
FIRST_WAIT = timedelta(minutes=20)
LONGEST_RETRY_AFTER = timedelta(seconds=60)  # the SDK waits no longer between its own attempts


class ScoringError(Exception):
    """The conversation has no score now; the reason is stored in its ScoreAttempt or in the failed LlmCall."""


def choose_scorer(conversation: Conversation, *, now: datetime) -> Scorer:
    merchant = conversation.merchant
    is_recent = conversation.ended_at is not None and conversation.ended_at >= now - JUDGE_WINDOW
    is_chosen = is_recent and is_sampled(conversation.pk, merchant.judged_share)
    can_judge = is_chosen and llm.is_configured() and llm.has_budget(merchant)
    return Scorer.LLM if can_judge else Scorer.LOCAL


def is_sampled(conversation_id: int, share: int) -> bool:
    """A random sample of `share` percent that stays the same; a larger share holds the smaller one."""
    digest = hashlib.md5(str(conversation_id).encode(), usedforsecurity=False).hexdigest()
    return int(digest[:7], 16) % 100 < share


class _FirstBits(Func):
    """The first 28 bits of the MD5 of an id, as is_sampled reads them."""

    template = "('x' || substr(md5(%(expressions)s), 1, 7))::bit(28)::int"
    output_field = IntegerField()


PLACE = Mod(_FirstBits(Cast("pk", CharField())), 100)


def scorer_version(merchant: Merchant, scorer: Scorer) -> str:
    return judge.version() if scorer == Scorer.LLM else current_version(merchant)


def eligible(merchant: Merchant) -> QuerySet[Conversation]:
    """Ended conversations that count in rates and have an answer of the agent."""
    counted = Conversation.objects.for_merchant(merchant).filter(exclusion="", n_agent_messages__gt=0)
    return counted.exclude(outcome=Outcome.OPEN)


def current_scores(merchant: Merchant, scorer: Scorer, rubric: Rubric) -> QuerySet[QualityScore]:
    """To be narrowed to conversations, which are a merchant's."""
    scores: QuerySet[QualityScore] = QualityScore.objects.filter(
        scorer=scorer, scorer_version=scorer_version(merchant, scorer), rubric_version=rubric.version
    )
    return scores


def current_attempts(merchant: Merchant, scorer: Scorer, rubric: Rubric) -> QuerySet[ScoreAttempt]:
    attempts: QuerySet[ScoreAttempt] = ScoreAttempt.objects.filter(
        scorer=scorer, scorer_version=scorer_version(merchant, scorer), rubric_version=rubric.version
    )
    return attempts


def waiting_for_judge(merchant: Merchant, *, now: datetime, period: Period | None = None) -> QuerySet[Conversation]:
    """With `period` everything that started in it and has no score of the current version, however old and wherever
    the sample is."""
    if not llm.is_configured():
        return Conversation.objects.none()
    rubric = current_rubric(merchant)
    waiting = _without_judgement(merchant, rubric, now=now)
    if period is not None:
        return waiting.filter(started_at__gte=period.start, started_at__lt=period.end)
    if not merchant.judged_share:
        return Conversation.objects.none()
    recent = waiting.filter(ended_at__gte=now - JUDGE_WINDOW)
    is_new = Q(judged=None, place_in_sample__lt=merchant.judged_share)
    return recent.alias(judged=_one_of(_judged()), place_in_sample=PLACE).filter(
        is_new | Q(pk__in=overlap(merchant, rubric, now=now).values("pk"))
    )


def overlap_waiting(merchant: Merchant, *, now: datetime) -> QuerySet[Conversation]:
    if not (llm.is_configured() and merchant.judged_share):
        return Conversation.objects.none()
    rubric = current_rubric(merchant)
    waiting = _without_judgement(merchant, rubric, now=now)
    return waiting.filter(pk__in=overlap(merchant, rubric, now=now).values("pk"))


def overlap(merchant: Merchant, rubric: Rubric, *, now: datetime) -> QuerySet[Conversation]:
    """The latest that an older version of the judge scored: no others come in after a change, so the set stays."""
    current = Q(scorer_version=judge.version(), rubric_version=rubric.version)
    recent = eligible(merchant).filter(ended_at__gte=now - JUDGE_WINDOW)
    older = recent.alias(older=_one_of(_judged().filter(~current))).filter(older__isnull=False)
    return older.order_by("-ended_at", "-pk")[:OVERLAP]


def count_overlap(merchant: Merchant, *, now: datetime) -> int:
    """How many a judge would read again if the rubric asked something else from now on."""
    recent = eligible(merchant).filter(ended_at__gte=now - JUDGE_WINDOW)
    return recent.alias(judged=_one_of(_judged())).filter(judged__isnull=False)[:OVERLAP].count()


def _judged() -> QuerySet[QualityScore]:
    scores: QuerySet[QualityScore] = QualityScore.objects.filter(scorer=Scorer.LLM)
    return scores


def _without_judgement(merchant: Merchant, rubric: Rubric, *, now: datetime) -> QuerySet[Conversation]:
    """Neither scored by the current version, nor given up, nor claimed. The newest first."""
    blocked = current_attempts(merchant, Scorer.LLM, rubric).filter(Q(is_final=True) | Q(claimed_until__gt=now))
    rows = eligible(merchant).alias(
        current=_one_of(current_scores(merchant, Scorer.LLM, rubric)), blocked=_one_of(blocked)
    )
    return rows.filter(current=None, blocked=None).order_by("-ended_at", "-pk")


def _one_of(rows: QuerySet[Any]) -> Subquery:
    """The id of one of these of a conversation, looked up by the index of conversations for each. EXISTS would be a
    join over the scores of all merchants, by estimates that a new version makes wrong: measured on 20,000
    conversations, 4 s instead of 0.3 s."""
    return Subquery(rows.filter(conversation=OuterRef("pk")).values("pk")[:1])


def waiting_for_local(merchant: Merchant, *, now: datetime) -> QuerySet[Conversation]:
    """Whatever no judge has scored, so that nothing waits for a model that is slow, refuses or has failed; the judge
    may still come. Also what changed since it was scored: a late rating moves the local score, and costs nothing."""
    same, rubric = OuterRef("pk"), current_rubric(merchant)
    scored = current_scores(merchant, Scorer.LOCAL, rubric).filter(conversation=same)
    waiting = (
        eligible(merchant)
        .exclude(Exists(scored.filter(read_state_at__gte=OuterRef("updated_at"))))
        .exclude(Exists(current_attempts(merchant, Scorer.LOCAL, rubric).filter(conversation=same, is_final=True)))
    )
    if llm.is_configured():
        waiting = waiting.exclude(Exists(_judged().filter(conversation=same)))
    return waiting.order_by("-ended_at", "-pk")


def claim_time() -> timedelta:
    """Longer than one call may take with all of its attempts and the waits between them."""
    n_calls: int = settings.OPENAI_MAX_RETRIES + 1
    call = timedelta(seconds=settings.OPENAI_TIMEOUT_SECONDS) + LONGEST_RETRY_AFTER
    return max(timedelta(minutes=10), n_calls * call + timedelta(minutes=1))


def claim(conversation: Conversation, scorer: Scorer, rubric: Rubric, *, now: datetime) -> ScoreAttempt:
    """Raises ScoringError where another worker has it, or was done between our look and our claim."""
    columns: dict[str, Any] = {
        "conversation": conversation,
        "scorer": scorer,
        "scorer_version": scorer_version(conversation.merchant, scorer),
        "rubric_version": rubric.version,
    }
    new = {"merchant_id": conversation.merchant_id, "claimed_until": now + claim_time()}
    attempt, is_new = ScoreAttempt.objects.get_or_create(**columns, defaults=new)
    if not is_new:
        free = ScoreAttempt.objects.filter(pk=attempt.pk, is_final=False, claimed_until__lte=now)
        if free.update(n_attempts=F("n_attempts") + 1, claimed_until=new["claimed_until"]) != 1:
            raise ScoringError(attempt.error or "Another worker is scoring this conversation.")
        attempt.refresh_from_db()
    if QualityScore.objects.filter(**columns).exists():
        attempt.delete()
        raise ScoringError("Another worker has scored this conversation.")
    return attempt


def release(attempt: ScoreAttempt, error: llm.LlmError, *, now: datetime) -> None:
    """A failure of the service is not held against the conversation; one of the answer is, with growing waits. Even a
    refusal is asked for again: another day, or another version of the model, may answer."""
    attempt.error = str(error)[:300]
    if error.blocks_others:
        attempt.n_attempts -= 1
        attempt.claimed_until = now
    else:
        attempt.is_final = attempt.n_attempts >= MAX_ATTEMPTS
        attempt.claimed_until = now + FIRST_WAIT * 2 ** (attempt.n_attempts - 1)
    attempt.save(update_fields=["error", "n_attempts", "claimed_until", "is_final"])
