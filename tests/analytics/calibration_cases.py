"""A merchant with scores of a planted judge and people's labels on some of them."""

from datetime import UTC, datetime, timedelta

from analytics.models import Conversation, QualityScore
from tests.analytics.calibration_worlds import draw_labels, world
from tests.analytics.label_builder import LABELLED_AT, plant, plant_conversations

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
VERSION = "judge-1"


def score(conversation: Conversation, overall: float, *, version=VERSION, rubric_version="1", **more) -> QualityScore:
    """The same in all dimensions."""
    dimensions = dict.fromkeys(("helpfulness", "accuracy", "politeness", "completeness"), overall)
    return QualityScore(
        merchant_id=conversation.merchant_id,
        conversation=conversation,
        scorer="llm",
        scorer_version=version,
        rubric_version=rubric_version,
        overall=overall,
        rationale="planted",
        created_at=NOW,
        read_state_at=NOW,
        **(dimensions | more),
    )


def planted(merchant, *, n_all=120, n_labels=40, judge="optimistic", seed=1, version=VERSION):
    """Conversations with their scores and what people would say of each; of `n_labels` of them, at random, they did,
    of every fourth of these two people. Returns (conversations, scores, people's marks, labelled positions)."""
    conversations = plant_conversations(merchant, n_all)
    scores, people = world(seed, judge, n=n_all)
    QualityScore.objects.bulk_create(
        score(conversation, round(float(value), 3), version=version)
        for conversation, value in zip(conversations, scores, strict=True)
    )
    picked = draw_labels(seed, n_labels, n_all)
    for number, position in enumerate(picked):
        mark = float(people[position])
        second = [min(1.0, mark + 0.25 * (number % 8 == 0))] if number % 4 == 0 else []
        plant(conversations[position], mark, *second, at=LABELLED_AT + timedelta(minutes=number))
    return conversations, scores, people, picked
