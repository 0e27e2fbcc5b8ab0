"""Scores conversations and keeps what came of it. A failure is stored as one, never as a score."""

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone, translation

from analytics import judge, local_scorer
from analytics.models import Author, Conversation, Counting, Message, QualityScore, ScoreAttempt, Scorer
from analytics.rubric import Assessment, Dimension, Rubric, current_rubric, weighted_mean
from analytics.scoring_queue import (
    ScoringError,
    choose_scorer,
    claim,
    current_scores,
    release,
    scorer_version,
    waiting_for_judge,
)
from analytics.sealing import unseal_conversations
from analytics.transcript import read_transcripts
from portal import langsmith, llm
from portal.models import LlmCall, Merchant, RunFeedback

logger = logging.getLogger(__name__)

# After an outage, a rate limit or a refused key the model is left alone for a while.
PAUSE_SECONDS = 300
LOCAL_BATCH = 200
NO_ANSWER = "The agent answered no question of the customer."


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


def judge_waiting(merchant: Merchant, *, now: datetime) -> Iterator[QualityScore | None]:
    """Judges one conversation after the other until none waits, the budget is spent or the model does not answer.

    Yields the score of each, or None for a failure, which is stored.
    """
    pause = f"judge-pause-{merchant.pk}"
    while cache.get(pause) is None:
        conversation = waiting_for_judge(merchant, now=now).select_related("merchant").first()
        if conversation is None or not llm.has_budget(merchant):
            return
        try:
            yield _judge(conversation, current_rubric(merchant), now=now)
        except ScoringError:
            continue  # another worker took it
        except llm.LlmError as error:
            logger.warning("%s: conversation %s was not judged: %s", merchant.slug, conversation.pk, error)
            if error.blocks_others:
                cache.set(pause, 1, PAUSE_SECONDS)
            yield None


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
    except llm.LlmError as error:
        release(attempt, error, now=now)
        raise
    with transaction.atomic():
        Counting.lock(merchant)
        score = _build(conversation, Scorer.LLM, assessment, rubric, now=now, call=call)
        score.save()
        attempt.delete()
        unseal_conversations(merchant, [conversation.pk])
        _record_feedback(merchant, [score])
    return score


def score_locally(merchant: Merchant, conversations: Sequence[Conversation], *, now: datetime) -> int:
    """Scores a batch at once. Returns how many have a score now. Raises EmbeddingError."""
    rubric, transcripts = current_rubric(merchant), read_transcripts(merchant, conversations)
    pairs = list(zip(conversations, transcripts, strict=True))
    answered = [(conversation, transcript) for conversation, transcript in pairs if transcript.exchanges()]
    with translation.override(merchant.locale):  # the rationale is text that is kept
        assessments = local_scorer.score_locally([transcript for _conversation, transcript in answered])
    scores = [
        _build(conversation, Scorer.LOCAL, assessment, rubric, now=now)
        for (conversation, _transcript), assessment in zip(answered, assessments, strict=True)
    ]
    with transaction.atomic():
        Counting.lock(merchant)
        unanswered = [conversation for conversation, t in pairs if not t.exchanges()]
        _record_unanswered(merchant, unanswered, rubric, now=now)
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


def _record_unanswered(
    merchant: Merchant, conversations: Sequence[Conversation], rubric: Rubric, *, now: datetime
) -> None:
    attempts = [
        ScoreAttempt(
            merchant=merchant,
            conversation=conversation,
            scorer=Scorer.LOCAL,
            scorer_version=scorer_version(Scorer.LOCAL),
            rubric_version=rubric.version,
            error=NO_ANSWER,
            is_final=True,
            claimed_until=now,
        )
        for conversation in conversations
    ]
    ScoreAttempt.objects.bulk_create(attempts, ignore_conflicts=True)


def _build(
    conversation: Conversation,
    scorer: Scorer,
    assessment: Assessment,
    rubric: Rubric,
    *,
    now: datetime,
    call: LlmCall | None = None,
) -> QualityScore:
    own = {one.key: assessment.scores[one.key] for one in rubric.own if one.key in assessment.scores}
    return QualityScore(
        merchant_id=conversation.merchant_id,
        conversation=conversation,
        scorer=scorer,
        scorer_version=scorer_version(scorer),
        rubric_version=rubric.version,
        overall=weighted_mean(assessment.scores, rubric),
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
