from datetime import UTC, datetime, timedelta

import pytest

from analytics.models import Outcome
from improvement.effects import measure_effects as measure
from improvement.models import Effect, Question, Verdict
from improvement.tasks import measure_effects
from portal.embeddings import embed
from tests.improvement.gap_builder import QUESTIONS, ask, make_draft, make_gap, publish

PUBLISHED = datetime(2026, 10, 20, 12, tzinfo=UTC)
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
AGAIN = [QUESTIONS[0], QUESTIONS[3], QUESTIONS[7], QUESTIONS[10]]
OTHERS = ["Where is my parcel?", "Do you ship to Norway?", "Can I return a lamp?", "Which bulb fits this lamp?"]


@pytest.fixture
def published(merchant, owner, time_machine):
    """The password article went live on 20 October."""
    time_machine.move_to(PUBLISHED - timedelta(hours=1), tick=False)
    draft = make_draft(merchant, by=owner, gap=make_gap(merchant))
    time_machine.move_to(PUBLISHED, tick=False)
    draft = publish(draft, by=owner)
    time_machine.move_to(NOW, tick=False)
    return draft


def ask_many(merchant, texts, n, n_resolved, *, at):
    vectors = embed(texts)
    for number in range(n):
        ask(
            merchant,
            texts[number % len(texts)],
            vector=vectors[number % len(texts)],
            at=at + timedelta(hours=number),
            outcome=Outcome.RESOLVED if number < n_resolved else Outcome.ESCALATED,
        )


def test_questions_of_the_topic_count_whether_or_not_they_still_fall_into_the_gap(merchant, published):
    ask_many(merchant, AGAIN, 40, 4, at=PUBLISHED - timedelta(days=10))
    ask_many(merchant, AGAIN, 40, 32, at=PUBLISHED + timedelta(days=2))
    ask_many(merchant, OTHERS, 60, 30, at=PUBLISHED - timedelta(days=10))
    ask_many(merchant, OTHERS, 60, 33, at=PUBLISHED + timedelta(days=2))
    assert measure(merchant, now=NOW) == 1
    effect = Effect.objects.get()
    assert effect.n_after == 40
    assert 40 <= effect.n_before <= 52
    assert (effect.n_control_before, effect.n_control_after) == (60, 60)
    assert effect.rate_after == 0.8
    assert effect.control_change == pytest.approx(0.05)
    assert effect.change == pytest.approx(0.8 - effect.rate_before - 0.05)
    assert effect.verdict == Verdict.HELPED


def test_a_resolution_that_was_disputed_or_came_back_is_not_verified(merchant, published):
    ask_many(merchant, AGAIN, 40, 40, at=PUBLISHED + timedelta(days=2))
    after = Question.objects.filter(asked_at__gte=PUBLISHED).order_by("asked_at")
    for question in after[:10]:
        question.conversation.recontacted_at = question.asked_at + timedelta(days=1)
        question.conversation.save()
    for question in after[10:15]:
        question.conversation.is_disputed = True
        question.conversation.save()
    measure(merchant, now=NOW)
    assert Effect.objects.get().rate_after == 25 / 40


def test_young_test_and_open_conversations_do_not_count(merchant, published):
    ask_many(merchant, AGAIN, 10, 10, at=NOW - timedelta(days=3))
    ask_many(merchant, AGAIN, 10, 10, at=PUBLISHED + timedelta(days=2))
    first, second, *_rest = Question.objects.filter(asked_at__gte=PUBLISHED).order_by("asked_at")
    first.conversation.exclusion = "test"
    first.conversation.save()
    second.conversation.outcome = Outcome.OPEN
    second.conversation.save()
    measure(merchant, now=NOW)
    assert Effect.objects.get().n_after == 8


def test_the_task_twice_keeps_one_row_with_the_same_numbers(merchant, published):
    ask_many(merchant, AGAIN, 40, 30, at=PUBLISHED + timedelta(days=2))
    ask_many(merchant, OTHERS, 60, 30, at=PUBLISHED - timedelta(days=10))
    ask_many(merchant, OTHERS, 60, 33, at=PUBLISHED + timedelta(days=2))
    measure_effects(merchant.pk)
    first = Effect.objects.values().get()
    measure_effects(merchant.pk)
    assert Effect.objects.values().get() == first
    assert first["verdict"] == Verdict.TOO_EARLY


def test_an_article_without_a_draft_is_not_measured(merchant, time_machine):
    from improvement.articles import save_article

    save_article(merchant, external_id="kb-1", title="Shipping", body="We ship.", updated_at=PUBLISHED)
    assert measure(merchant, now=NOW) == 0
