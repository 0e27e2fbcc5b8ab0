"""Which conversations wait for which scorer, and who is at work on one.

The judge reads what ended within the last 30 days, newest first, while the merchant's budget lasts. The local scorer
reads everything else, and everything where no model is configured.
"""

from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, QuerySet

from analytics import judge, local_scorer
from analytics.models import Conversation, Outcome, QualityScore, ScoreAttempt, Scorer
from analytics.rubric import Rubric, current_rubric
from portal import llm
from portal.models import Merchant

JUDGE_WINDOW = timedelta(days=30)
MAX_ATTEMPTS = 4
CLAIM = timedelta(minutes=10)


class ScoringError(Exception):
    """The conversation has no score now; the reason is stored in its ScoreAttempt or in the failed LlmCall."""


def choose_scorer(conversation: Conversation, *, now: datetime) -> Scorer:
    is_recent = conversation.ended_at is not None and conversation.ended_at >= now - JUDGE_WINDOW
    can_judge = is_recent and llm.is_configured() and llm.has_budget(conversation.merchant)
    return Scorer.LLM if can_judge else Scorer.LOCAL


def scorer_version(scorer: Scorer) -> str:
    return judge.version() if scorer == Scorer.LLM else local_scorer.version()


def eligible(merchant: Merchant) -> QuerySet[Conversation]:
    """Ended conversations that count in rates and have an answer of the agent."""
    counted = Conversation.objects.for_merchant(merchant).filter(exclusion="", n_agent_messages__gt=0)
    return counted.exclude(outcome=Outcome.OPEN)


def current_scores(merchant: Merchant, scorer: Scorer, rubric: Rubric) -> QuerySet[QualityScore]:
    return QualityScore.objects.for_merchant(merchant).filter(
        scorer=scorer, scorer_version=scorer_version(scorer), rubric_version=rubric.version
    )


def current_attempts(merchant: Merchant, scorer: Scorer, rubric: Rubric) -> QuerySet[ScoreAttempt]:
    return ScoreAttempt.objects.for_merchant(merchant).filter(
        scorer=scorer, scorer_version=scorer_version(scorer), rubric_version=rubric.version
    )


def waiting_for_judge(merchant: Merchant, *, now: datetime) -> QuerySet[Conversation]:
    if not llm.is_configured():
        return Conversation.objects.none()
    same, rubric = OuterRef("pk"), current_rubric(merchant)
    blocked = current_attempts(merchant, Scorer.LLM, rubric).filter(conversation=same)
    return (
        eligible(merchant)
        .filter(ended_at__gte=now - JUDGE_WINDOW)
        .exclude(Exists(current_scores(merchant, Scorer.LLM, rubric).filter(conversation=same)))
        .exclude(Exists(blocked.filter(is_final=True)))
        .exclude(Exists(blocked.filter(claimed_until__gt=now)))
        .order_by("-ended_at", "-pk")
    )


def waiting_for_local(merchant: Merchant, *, now: datetime) -> QuerySet[Conversation]:
    """Also what changed since it was scored: a late rating moves the local score, and costs nothing."""
    same, rubric = OuterRef("pk"), current_rubric(merchant)
    scored = current_scores(merchant, Scorer.LOCAL, rubric).filter(conversation=same)
    waiting = (
        eligible(merchant)
        .exclude(Exists(scored.filter(read_state_at__gte=OuterRef("updated_at"))))
        .exclude(Exists(current_attempts(merchant, Scorer.LOCAL, rubric).filter(conversation=same, is_final=True)))
    )
    if llm.is_configured():
        waiting = waiting.exclude(Exists(QualityScore.objects.filter(conversation=same, scorer=Scorer.LLM)))
        if llm.has_budget(merchant):
            waiting = waiting.filter(ended_at__lt=now - JUDGE_WINDOW)
    return waiting.order_by("-ended_at", "-pk")


def claim(conversation: Conversation, scorer: Scorer, rubric: Rubric, *, now: datetime) -> ScoreAttempt:
    attempt, is_new = ScoreAttempt.objects.get_or_create(
        conversation=conversation,
        scorer=scorer,
        scorer_version=scorer_version(scorer),
        rubric_version=rubric.version,
        defaults={"merchant_id": conversation.merchant_id, "claimed_until": now + CLAIM},
    )
    if not is_new:
        free = ScoreAttempt.objects.filter(pk=attempt.pk, is_final=False, claimed_until__lte=now)
        if free.update(n_attempts=F("n_attempts") + 1, claimed_until=now + CLAIM) != 1:
            raise ScoringError(attempt.error or "Another worker is scoring this conversation.")
        attempt.refresh_from_db()
    return attempt


def release(attempt: ScoreAttempt, error: llm.LlmError, *, now: datetime) -> None:
    """A failure of the service is not held against the conversation; one of the answer is, with growing waits."""
    attempt.error = str(error)[:300]
    if error.blocks_others:
        attempt.n_attempts -= 1
        attempt.claimed_until = now
    else:
        attempt.is_final = error.permanent or attempt.n_attempts >= MAX_ATTEMPTS
        attempt.claimed_until = now + CLAIM * 2**attempt.n_attempts
    attempt.save(update_fields=["error", "n_attempts", "claimed_until", "is_final"])
