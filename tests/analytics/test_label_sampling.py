"""Which conversations are labelled: the random part must owe nothing to what it may be about."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from analytics.label_filling import fill_queue, seed_of
from analytics.label_sampling import draw, draw_key, pick_targeted, wants_two
from analytics.models import (
    Conversation,
    LabelPlan,
    LabelTask,
    QualityScore,
    RubricVersion,
    Scorer,
    Stratum,
    TargetReason,
)
from analytics.tasks import fill_label_queue_of
from tests.analytics.label_builder import plant, plant_conversations
from tests.events import Chat, escalated, resolved, send

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def plan(merchant, **numbers) -> LabelPlan:
    return LabelPlan.objects.create(merchant=merchant, **{"n_random": 0, "n_targeted": 0} | numbers)


def score(conversation: Conversation, overall: float, scorer=Scorer.LOCAL) -> None:
    QualityScore.objects.create(
        merchant_id=conversation.merchant_id,
        conversation=conversation,
        scorer=scorer,
        scorer_version="s-1",
        rubric_version="1",
        overall=overall,
        rationale="",
        created_at=NOW,
        read_state_at=NOW,
    )


def drawn(merchant, stratum=Stratum.RANDOM) -> list[int]:
    tasks = LabelTask.objects.for_merchant(merchant).filter(stratum=stratum)
    return sorted(tasks.values_list("conversation_id", flat=True))


def test_each_conversation_has_the_same_chance_over_many_seeds():
    """400 draws of 10 from 100: the tenth that is worst scored, and every other tenth, comes up 400 times ± chance."""
    counts = Counter(one // 10 for seed in range(400) for one in draw(range(100), f"seed {seed}", 10))
    # A hypergeometric sum: standard deviation about 18.
    assert all(abs(counts[tenth] - 400) < 75 for tenth in range(10)), counts


def test_the_share_for_two_people_is_kept_and_owes_nothing_to_the_draw():
    first = draw(range(20_000), "s", 2000)
    assert sum(wants_two("s", one, 0.25) for one in first) / 2000 == pytest.approx(0.25, abs=0.04)
    assert not any(wants_two("s", one, 0.0) for one in first)
    assert all(wants_two("s", one, 1.0) for one in first)


@pytest.mark.django_db
def test_postgresql_draws_what_the_pure_draw_draws(merchant):
    ids = [conversation.pk for conversation in plant_conversations(merchant, 12)]
    plan(merchant, n_random=5)
    fill_queue(merchant, now=NOW)
    assert drawn(merchant) == sorted(draw(ids, seed_of(merchant, "1"), 5))


@pytest.mark.django_db
def test_the_random_part_does_not_see_scores_channels_ratings_or_outcomes(merchant):
    """The same ids are drawn whatever the conversations are like."""
    conversations = plant_conversations(merchant, 12)
    expected = sorted(draw([one.pk for one in conversations], seed_of(merchant, "1"), 5))
    for number, conversation in enumerate(sorted(conversations, key=lambda one: draw_key("x", one.pk))):
        score(conversation, number / 12)
        changed = {"channel": ("email", "widget")[number % 2], "rating": number % 5 + 1}
        outcome = ("escalated", "abandoned", "resolved")[number % 3]
        Conversation.objects.filter(pk=conversation.pk).update(**changed, outcome=outcome)
    plan(merchant, n_random=5, n_targeted=4)
    fill_queue(merchant, now=NOW)
    assert drawn(merchant) == expected


@pytest.mark.django_db
def test_a_queue_that_was_filled_before_draws_the_same_as_one_filled_at_once(merchant):
    ids = [conversation.pk for conversation in plant_conversations(merchant, 12)]
    row = plan(merchant, n_random=3)
    assert fill_queue(merchant, now=NOW) == 3
    assert fill_queue(merchant, now=NOW) == 0
    row.n_random = 8
    row.save()
    assert fill_queue(merchant, now=NOW) == 5
    assert drawn(merchant) == sorted(draw(ids, seed_of(merchant, "1"), 8))


@pytest.mark.django_db
def test_open_excluded_unanswered_old_and_other_merchants_conversations_are_not_asked_about(merchant, other_merchant):
    at = NOW - timedelta(days=3)
    send(
        merchant,
        resolved("good", at=at),
        Chat("open", at=NOW - timedelta(hours=1)).start().ask().answer(),
        Chat("test", at=at).start(is_test=True).ask().answer().resolve(),
        Chat("unanswered", at=at).start().ask().abandon(),
        resolved("old", at=NOW - timedelta(days=40)),
        now=NOW,
    )
    plant_conversations(other_merchant, 3)
    plan(merchant, n_random=10, n_targeted=10)
    fill_queue(merchant, now=NOW)
    assert [task.conversation.thread for task in LabelTask.objects.all()] == ["good"]


@pytest.mark.django_db
def test_each_targeted_one_has_the_reason_for_which_it_was_picked(merchant):
    at = NOW - timedelta(days=3)
    send(
        merchant,
        Chat("complaint", at=at).start().ask().answer().ask("That is useless, I want to complain!").close(),
        resolved("rated", at=at).rate(1),
        escalated("handed over", at=at),
        *(resolved(name, at=at) for name in ("border", "apart", "plain")),
        now=NOW,
    )
    found = {conversation.thread: conversation for conversation in Conversation.objects.all()}
    score(found["handed over"], 0.9)
    score(found["border"], 0.47)
    score(found["apart"], 0.9)
    score(found["apart"], 0.3, Scorer.LLM)
    plan(merchant, n_targeted=10)
    fill_queue(merchant, now=NOW)
    reasons = {task.conversation.thread: task.reason for task in LabelTask.objects.all()}
    assert reasons == {
        "complaint": TargetReason.COMPLAINT,
        "rated": TargetReason.LOW_RATING,
        "handed over": TargetReason.ESCALATED_THOUGH_HIGH,
        "border": TargetReason.UNCERTAIN,
        "apart": TargetReason.SCORERS_DISAGREE,
    }


def test_reasons_take_turns_and_a_conversation_comes_once():
    found = {TargetReason.UNCERTAIN: [1, 2, 3, 4], TargetReason.LOW_RATING: [2, 5], TargetReason.COMPLAINT: []}
    assert pick_targeted(found, 4) == [
        (1, TargetReason.UNCERTAIN),
        (2, TargetReason.LOW_RATING),
        (5, TargetReason.LOW_RATING),
        (3, TargetReason.UNCERTAIN),
    ]


@pytest.mark.django_db
def test_what_was_targeted_is_random_once_chance_draws_it_too_and_only_then(merchant):
    first, second = plant_conversations(merchant, 2)
    chosen = draw([first.pk, second.pk], seed_of(merchant, "1"), 1)[0]
    for conversation in (first, second):
        plant(conversation, 0.25, stratum=Stratum.TARGETED)
    plan(merchant, n_random=1, double_share=0.0)
    fill_queue(merchant, now=NOW)
    assert drawn(merchant) == [chosen]
    assert len(drawn(merchant, Stratum.TARGETED)) == 1


@pytest.mark.django_db
def test_a_new_rubric_or_a_spam_mark_takes_what_waits_out_of_the_queue_and_keeps_labels(merchant):
    conversations = plant_conversations(merchant, 4)
    plan(merchant, n_random=4, double_share=1.0)
    fill_queue(merchant, now=NOW)
    labelled = plant(conversations[0], 0.5, rubric_version="0")
    LabelTask.objects.filter(pk=labelled.pk).update(closed_at=None)
    Conversation.objects.filter(pk=conversations[1].pk).update(exclusion="spam")
    RubricVersion.objects.create(
        merchant=merchant,
        number=2,
        weights={"helpfulness": 1, "accuracy": 1, "politeness": 1, "completeness": 1},
        created_at=NOW,
    )
    fill_queue(merchant, now=NOW)
    waiting = LabelTask.objects.filter(closed_at=None)
    assert {task.rubric_version for task in waiting} == {"2"}
    assert waiting.count() == 3
    labelled.refresh_from_db()
    assert labelled.closed_at == NOW
    assert labelled.labels.count() == 1


@pytest.mark.django_db
def test_the_task_fills_each_merchant_s_queue_and_does_nothing_more_when_it_runs_again(merchant, other_merchant):
    for one in (merchant, other_merchant):
        plant_conversations(one, 3)
        plan(one, n_random=2)
    with time_machine.travel(NOW, tick=False):
        for _run in range(2):
            for one in (merchant, other_merchant):
                fill_label_queue_of(one.pk)
    assert len(drawn(merchant)) == len(drawn(other_merchant)) == 2
