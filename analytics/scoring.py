"""Scores conversations and keeps what came of it. A failure is stored as one, never as a score."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone, translation

from analytics import judge, local_scorer
from analytics.local_scorer import LocalScorer
from analytics.models import Author, Conversation, Counting, Message, QualityScore, ScoreAttempt, Scorer
from analytics.rubric import Assessment, Dimension, Rubric, current_rubric, weighted_mean
from analytics.scoring_queue import (
    ScoringError,
    choose_scorer,
    claim,
    current_scores,
    release,
    waiting_for_judge,
)
from analytics.sealing import unseal_conversations
from analytics.trained_scorers import load_scorer
from analytics.transcript import read_transcripts
from portal import langsmith, llm
from portal.models import LlmCall, Merchant, RunFeedback
from portal.throttles import Limit, TooMuchError, charge_merchant

logger = logging.getLogger(__name__)

# After an outage, a rate limit or a refused key the model is left alone for a while.
PAUSE_SECONDS = 300
LOCAL_BATCH = 200
LONGEST_PAUSE_SECONDS = 3600
NO_ANSWER = "The agent answered no question of the customer."
NOTHING_COUNTS = "No criterion with a weight applies to this conversation."


def score_conversation(conversation: Conversation) -> QualityScore:
    """The score by the scorer whose turn it is; an existing one of the same versions is returned as it is.

    Raises ScoringError, and EmbeddingError where the local scorer has no vectors.
    """
    merchant, now = conversation.merchant, timezone.now()
    scorer, rubric = choose_scorer(conversation, now=now), current_rubric(merchant)
    scores = current_scores(merchant, scorer, rubric).filter(conversation=conversation)
    if (found := scores.first()) is not None:
        return found
    if scorer == Scorer.LLM:
        try:
            return _judge(conversation, rubric, now=now)
        except llm.LlmError as error:
            raise ScoringError(str(error)) from error
    score_locally(merchant, [conversation], now=now)
    if (found := scores.first()) is None:
        raise ScoringError(NO_ANSWER)
    return found


def judge_waiting(
    merchant: Merchant, waiting: Callable[[datetime], QuerySet[Conversation]] | None = None, *, may_wait: bool = False
) -> Iterator[QualityScore | None]:
    """Judges one conversation after the other until none waits, the budget is spent or the model does not answer.

    Yields the score of each, or None for a failure, which is stored. Where the merchant's calls of this minute are
    used up it ends, or with `may_wait` waits. The clock is read for each: a claim counts from when it is made.
    """
    pause = f"judge-pause-{merchant.pk}"
    find_waiting = waiting or (lambda now: waiting_for_judge(merchant, now=now))
    while (now := timezone.now()) >= (cache.get(pause) or now):
        conversation = find_waiting(now).select_related("merchant").first()
        if conversation is None or not llm.has_budget(merchant) or not _may_call(merchant, may_wait=may_wait):
            return
        try:
            yield _judge(conversation, current_rubric(merchant), now=now)
        except ScoringError:
            continue  # another worker took it
        except llm.LlmError as error:
            logger.warning("%s: conversation %s was not judged: %s", merchant.slug, conversation.pk, error)
            if error.blocks_others:
                seconds = _pause_seconds(error)
                cache.set(pause, timezone.now() + timedelta(seconds=seconds), seconds)
            yield None


def _pause_seconds(error: llm.LlmError) -> int:
    """As the provider says, within an hour."""
    if error.wait_seconds is None:
        return PAUSE_SECONDS
    return min(LONGEST_PAUSE_SECONDS, max(1, ceil(error.wait_seconds)))


def _may_call(merchant: Merchant, *, may_wait: bool) -> bool:
    limit = Limit("calls of the judge", "judge", settings.JUDGE_CALLS_PER_MINUTE, 1)
    while True:
        try:
            charge_merchant(merchant.pk, [limit])
        except TooMuchError as error:
            if not may_wait:
                return False
            time.sleep(error.wait)
        else:
            return True


def _judge(conversation: Conversation, rubric: Rubric, *, now: datetime) -> QualityScore:
    """Raises LlmError, or ScoringError where another worker has the conversation or nothing can be judged."""
    merchant = conversation.merchant
    (transcript,) = read_transcripts(merchant, [conversation])
    attempt = claim(conversation, Scorer.LLM, rubric, now=now)
    if not transcript.exchanges():
        ScoreAttempt.objects.filter(pk=attempt.pk).update(is_final=True, error=NO_ANSWER)
        raise ScoringError(NO_ANSWER)
    try:
        assessment, call = judge.judge(merchant, transcript, rubric)
        overall = find_overall(assessment, rubric)
        if overall is None:
            raise llm.LlmError(NOTHING_COUNTS, permanent=False)
    except llm.LlmError as error:
        release(attempt, error, now=timezone.now())
        raise
    with transaction.atomic():
        Counting.lock(merchant)
        version = (Scorer.LLM, judge.version())
        score = _build(conversation, version, assessment, rubric, overall=overall, now=timezone.now(), call=call)
        score.save()
        attempt.delete()
        unseal_conversations(merchant, [conversation.pk])
        _record_feedback(merchant, [score])
    return score


def score_locally(
    merchant: Merchant, conversations: Sequence[Conversation], *, now: datetime, scorer: LocalScorer | None = None
) -> int:
    """Scores a batch at once. Returns how many have a score now. `scorer` spares loading it. Raises EmbeddingError."""
    scorer = scorer or load_scorer(merchant)
    rubric, transcripts = current_rubric(merchant), read_transcripts(merchant, conversations)
    pairs = list(zip(conversations, transcripts, strict=True))
    answered = [(conversation, transcript) for conversation, transcript in pairs if transcript.exchanges()]
    with translation.override(merchant.locale):  # the rationale is text that is kept
        assessments = local_scorer.score_locally(
            [transcript for _conversation, transcript in answered],
            scorer,
            conversation_ids=[conversation.pk for conversation, _transcript in answered],
        )
    failed = {conversation: NO_ANSWER for conversation, transcript in pairs if not transcript.exchanges()}
    scores = []
    for (conversation, _transcript), assessment in zip(answered, assessments, strict=True):
        overall = find_overall(assessment, rubric)
        if overall is None:
            failed[conversation] = NOTHING_COUNTS
        else:
            version = (Scorer.LOCAL, scorer.version)
            scores.append(_build(conversation, version, assessment, rubric, overall=overall, now=now))
    with transaction.atomic():
        Counting.lock(merchant)
        _record_failed(merchant, failed, scorer, rubric, now=now)
        QualityScore.objects.bulk_create(
            scores,
            update_conflicts=True,
            unique_fields=["conversation", "scorer", "scorer_version", "rubric_version"],
            update_fields=[
                "overall",
                *Dimension,
                "rationale",
                "quotes",
                "contributions",
                "created_at",
                "read_state_at",
            ],
        )
        unseal_conversations(merchant, [score.conversation_id for score in scores])
        _record_feedback(merchant, scores)
    return len(scores)


def find_overall(assessment: Assessment, rubric: Rubric) -> float | None:
    """None where everything that applies has the weight 0."""
    try:
        return weighted_mean(assessment.scores, rubric)
    except ValueError:
        return None


def _record_failed(
    merchant: Merchant, reasons: Mapping[Conversation, str], scorer: LocalScorer, rubric: Rubric, *, now: datetime
) -> None:
    attempts = [
        ScoreAttempt(
            merchant=merchant,
            conversation=conversation,
            scorer=Scorer.LOCAL,
            scorer_version=scorer.version,
            rubric_version=rubric.version,
            error=reason,
            is_final=True,
            claimed_until=now,
        )
        for conversation, reason in reasons.items()
    ]
    ScoreAttempt.objects.bulk_create(attempts, ignore_conflicts=True)


def _build(
    conversation: Conversation,
    version: tuple[Scorer, str],
    assessment: Assessment,
    rubric: Rubric,
    *,
    overall: float,
    now: datetime,
    call: LlmCall | None = None,
) -> QualityScore:
    own = {one.key: assessment.scores[one.key] for one in rubric.own if one.key in assessment.scores}
    return QualityScore(
        merchant_id=conversation.merchant_id,
        conversation=conversation,
        scorer=version[0],
        scorer_version=version[1],
        rubric_version=rubric.version,
        overall=overall,
        **{str(dimension): assessment.scores[dimension] for dimension in Dimension},
        criteria=own,
        rationale=assessment.rationale,
        quotes=[{"dimension": str(quote.dimension), "text": quote.text} for quote in assessment.quotes],
        contributions=assessment.contributions or {},
        llm_call=call,
        created_at=now,
        read_state_at=conversation.updated_at,
    )


def _record_feedback(merchant: Merchant, scores: Sequence[QualityScore]) -> None:
    """Scores for the agent's own runs in LangSmith, where events carry their ids; other tracers' ids are no UUIDs."""
    if not langsmith.takes_feedback():
        return
    by_conversation = {score.conversation_id: score for score in scores}
    traced = Message.objects.for_merchant(merchant).filter(conversation__in=by_conversation, author=Author.AGENT)
    rows = []
    for conversation_id, trace_id in traced.exclude(trace_id="").values_list("conversation_id", "trace_id").distinct():
        try:
            run_id = UUID(trace_id)
        except ValueError:
            continue
        score = by_conversation[conversation_id]
        values = {"quality": score.overall} | {str(name): getattr(score, name) for name in Dimension}
        rows += [
            RunFeedback(
                merchant=merchant,
                run_id=run_id,
                key=key,
                score=value,
                source=f"{score.scorer_version} rubric {score.rubric_version}",
            )
            for key, value in values.items()
            if value is not None
        ]
    RunFeedback.objects.bulk_create(rows, ignore_conflicts=True)
