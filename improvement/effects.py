"""Finds the questions that an article is about, before and after, with their controls; stores what they say."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from pgvector.django import CosineDistance

from analytics.models import Channel, Outcome
from improvement.effect import Observation, measure_effect
from improvement.models import ArticleVersion, Draft, Effect, Gap, Question
from portal.models import Merchant

LONGEST_WINDOW = timedelta(weeks=8)
# This percentile of the gap's own questions decides what counts as the same topic, on both sides of publication by the
# same rule: afterwards the article covers such questions, so they no longer fall into the gap by themselves.
TOPIC_PERCENTILE = 10
# Questions nearly that close are neither topic nor control.
MARGIN = 0.1
MIN_MEMBERS = 5
ENDED = (Outcome.RESOLVED, Outcome.ESCALATED, Outcome.ABANDONED)


def measure_effects(merchant: Merchant, *, now: datetime) -> int:
    """Measures every published version of a draft anew; returns how many. Running it again changes nothing else."""
    versions = ArticleVersion.objects.filter(article__merchant=merchant).select_related(
        "revision__draft__gap", "article"
    )
    measured = [
        measure_version(merchant, version, version.revision.draft.gap, now=now)
        for version in versions.select_related("revision__draft__gap", "article")
        if version.revision is not None
    ]
    return sum(effect is not None for effect in measured)


def measure_version(merchant: Merchant, version: ArticleVersion, gap: Gap, *, now: datetime) -> Effect | None:
    """None where the gap has too few questions of its own to know its topic by."""
    least = find_topic_similarity(merchant, gap, before=version.published_at)
    if least is None:
        return None
    estimate = measure_effect(list(find_observations(merchant, version, gap, least=least, now=now)), seed=version.pk)
    numbers = asdict(estimate)
    effect, _created = Effect.objects.update_or_create(
        version=version,
        defaults={"merchant": merchant, "gap": gap, "measured_at": now, **numbers, "verdict": estimate.verdict.value},
    )
    return effect


def find_topic_similarity(merchant: Merchant, gap: Gap, *, before: datetime) -> float | None:
    """The cosine to the gap's centroid from which a question is of its topic."""
    members = _with_similarity(merchant, gap).filter(gap=gap, asked_at__lt=before)
    similarities = list(members.values_list("similarity", flat=True))
    return float(np.percentile(similarities, TOPIC_PERCENTILE)) if len(similarities) >= MIN_MEMBERS else None


def find_observations(
    merchant: Merchant, version: ArticleVersion, gap: Gap, *, least: float, now: datetime
) -> Iterator[Observation]:
    """Mature, counted conversations within eight weeks of publication; until the next version, if there is one."""
    published_at = version.published_at
    later = version.article.versions.filter(published_at__gt=published_at).order_by("published_at").first()
    end = min(now, published_at + LONGEST_WINDOW, later.published_at if later else now)
    questions = _with_similarity(merchant, gap).filter(
        asked_at__gte=published_at - LONGEST_WINDOW,
        asked_at__lt=end,
        conversation__exclusion="",
        conversation__outcome__in=ENDED,
    )
    touched = _find_touched_gaps(merchant, gap, since=published_at - LONGEST_WINDOW, until=end)
    for question in questions.select_related("conversation").defer("embedding", "text"):
        is_topic = question.similarity >= least
        is_control = question.similarity < least - MARGIN and question.gap_id not in touched
        conversation = question.conversation
        if not (is_topic or is_control) or not is_mature(merchant, conversation, now=now):
            continue
        is_verified = (
            conversation.outcome == Outcome.RESOLVED
            and conversation.recontacted_at is None
            and not conversation.is_disputed
        )
        yield Observation(
            customer=conversation.customer_id or conversation.thread,
            stratum=f"{conversation.channel} {conversation.language}",
            is_topic=is_topic,
            is_after=question.asked_at >= published_at,
            is_verified=is_verified,
        )


def is_mature(merchant: Merchant, conversation: Any, *, now: datetime) -> bool:
    """Old enough that a re-contact would have shown (metrics.md: T + N)."""
    is_email = conversation.channel == Channel.EMAIL
    idle_hours = merchant.email_idle_hours if is_email else merchant.chat_idle_hours
    pending = timedelta(hours=idle_hours, days=merchant.recontact_days)
    return bool(conversation.started_at + pending <= now)


def _with_similarity(merchant: Merchant, gap: Gap) -> Any:
    comparable = Question.objects.for_merchant(merchant).filter(embedding_model=gap.embedding_model)
    return comparable.annotate(similarity=1 - CosineDistance("embedding", gap.centroid))


def _find_touched_gaps(merchant: Merchant, gap: Gap, *, since: datetime, until: datetime) -> set[int]:
    """Gaps whose own article went live meanwhile: their questions are no controls."""
    drafts = Draft.objects.for_merchant(merchant).filter(
        reviews__published_at__gte=since, reviews__published_at__lt=until
    )
    return set(drafts.values_list("gap_id", flat=True)) | {gap.pk}
