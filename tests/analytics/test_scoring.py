from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
import time_machine

from analytics import scoring, scoring_queue
from analytics.models import Conversation, QualityScore, ScoreAttempt, Scorer
from analytics.rubric import HOUSE_RUBRIC
from analytics.tasks import score_ended_conversations, score_ended_conversations_of
from portal.models import LlmCall, RunFeedback
from tests.analytics.quality_cases import GOOD, NOW, REFUSAL, judged, told
from tests.events import Chat, send, still_open
from tests.stand_ins.openai_server import completion, error

pytestmark = pytest.mark.django_db
QUOTE = "choose Payment methods"
TRACE = "6f1f7c5e-35a1-4a3c-9c0b-0d6a4f7a8f11"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def judge_server(openai_server):
    openai_server.answers["Judgement"] = judged(QUOTE)
    return openai_server


def run(merchant):
    score_ended_conversations_of(merchant.pk)


def found(merchant) -> list[tuple[str, str]]:
    return sorted(QualityScore.objects.for_merchant(merchant).values_list("conversation__thread", "scorer"))


def test_without_a_model_every_ended_conversation_with_an_answer_has_a_local_score(merchant, other_merchant):
    told(merchant, "answered")
    told(other_merchant, "theirs")
    send(merchant, still_open("open"), Chat("unanswered").start().ask().close())
    send(merchant, Chat("test traffic").start(is_test=True).ask().answer(GOOD).resolve())
    run(merchant)
    assert found(merchant) == [("answered", "local")]
    assert found(other_merchant) == []
    score = QualityScore.objects.get()
    assert score.rationale
    assert score.contributions["helpfulness"]
    assert score.accuracy is None
    assert 0 < score.overall < 1


def test_the_task_twice_changes_nothing(merchant, clock):
    for n in range(3):
        told(merchant, f"c-{n}")
    run(merchant)
    before = list(QualityScore.objects.values())
    assert len(before) == 3
    clock.shift(timedelta(minutes=1))
    run(merchant)
    assert list(QualityScore.objects.values()) == before


def test_the_scheduled_task_reaches_every_merchant(merchant, other_merchant, settings):
    settings.CELERY_TASK_ALWAYS_EAGER = True
    from portal.celery import app

    app.conf.task_always_eager = True
    try:
        told(merchant)
        told(other_merchant)
        score_ended_conversations()
    finally:
        app.conf.task_always_eager = False
    assert len(found(merchant)) == len(found(other_merchant)) == 1


def test_a_late_rating_moves_the_local_score(merchant, clock):
    conversation = told(merchant)
    run(merchant)
    first = QualityScore.objects.get().overall
    clock.shift(timedelta(hours=1))
    chat = Chat("c-1", at="2026-11-20T09:00:00+00:00").start().ask("How do I change my payment card?").answer(GOOD)
    send(merchant, chat.resolve().rate(1))
    conversation.refresh_from_db()
    assert conversation.rating == 1
    run(merchant)
    assert QualityScore.objects.get().overall < first


def test_with_a_model_the_judge_scores_and_is_asked_once(merchant, judge_server):
    conversation = told(merchant)
    run(merchant)
    run(merchant)
    score = QualityScore.objects.get()
    assert (score.scorer, score.overall) == ("llm", 0.75)
    assert score.quotes[0] == {"dimension": "helpfulness", "text": QUOTE}
    assert score.llm_call == LlmCall.objects.get()
    assert "judge.v2" in score.scorer_version
    assert scoring.score_conversation(conversation) == score
    assert len(judge_server.requests) == 1
    assert not ScoreAttempt.objects.exists()


def test_what_ended_long_ago_is_scored_locally(merchant, judge_server):
    told(merchant, "old", at="2026-09-01T09:00:00+00:00")
    told(merchant, "new")
    run(merchant)
    assert found(merchant) == [("new", "llm"), ("old", "local")]


def test_when_the_budget_is_spent_the_local_scorer_takes_over(merchant, judge_server, settings):
    settings.OPENAI_INPUT_PRICE = settings.OPENAI_OUTPUT_PRICE = "10"  # one call costs 0.012 USD
    merchant.monthly_llm_budget = Decimal("0.01")
    merchant.save()
    told(merchant, "first", at="2026-11-20T12:00:00+00:00")
    told(merchant, "second", at="2026-11-20T09:00:00+00:00")
    run(merchant)
    assert found(merchant) == [("first", "llm"), ("second", "local")]
    assert len(judge_server.requests) == 1


def test_an_outage_pauses_the_judge_and_the_local_scorer_steps_in_until_it_recovers(merchant, judge_server, settings):
    from django.core.cache import cache

    settings.OPENAI_MAX_RETRIES = 0
    told(merchant, "a")
    told(merchant, "b")
    judge_server.script.append(error(503, "overloaded"))
    run(merchant)
    run(merchant)
    assert found(merchant) == [("a", "local"), ("b", "local")]
    assert len(judge_server.requests) == 1
    assert "503" in LlmCall.objects.get().error
    cache.clear()  # the pause is over
    run(merchant)
    assert found(merchant) == [("a", "llm"), ("a", "local"), ("b", "llm"), ("b", "local")]


def test_an_unreadable_judgement_is_tried_again_later_and_in_the_end_given_up(merchant, judge_server, clock):
    told(merchant)
    judge_server.answers["Judgement"] = judged("words that nobody said")
    for _attempt in range(scoring_queue.MAX_ATTEMPTS + 2):
        run(merchant)
        clock.shift(timedelta(days=1))
    assert found(merchant) == [("c-1", "local")], "what no judge could read has the local score"
    assert len(judge_server.requests) == scoring_queue.MAX_ATTEMPTS
    attempt = ScoreAttempt.objects.get()
    assert attempt.is_final
    assert "not in the conversation" in attempt.error
    with pytest.raises(scoring.ScoringError, match="not in the conversation"):
        scoring.score_conversation(Conversation.objects.get())


def test_a_refused_conversation_does_not_stop_the_others(merchant, judge_server):
    told(merchant, "later", at="2026-11-20T12:00:00+00:00")
    told(merchant, "earlier")
    judge_server.script.append(completion(None, refusal="no"))
    run(merchant)
    assert found(merchant) == [("earlier", "llm"), ("later", "local")]
    assert ScoreAttempt.objects.get().error == "The model refused to answer."


def test_a_conversation_that_another_worker_reads_is_left_to_it(merchant, judge_server):
    conversation = told(merchant)
    scoring_queue.claim(conversation, Scorer.LLM, HOUSE_RUBRIC, now=NOW)
    with pytest.raises(scoring.ScoringError, match="Another worker"):
        scoring.score_conversation(conversation)
    run(merchant)
    assert judge_server.requests == []


def test_an_answer_before_any_question_is_stored_as_not_scored(merchant):
    told(merchant, "good")
    conversation = told(merchant, "odd")
    conversation.messages.filter(author="customer").delete()
    run(merchant)
    run(merchant)
    assert found(merchant) == [("good", "local")]
    assert ScoreAttempt.objects.get().error == scoring.NO_ANSWER
    with pytest.raises(scoring.ScoringError, match="answered no question"):
        scoring.score_conversation(conversation)


def test_sources_reach_the_scorers_as_texts_of_the_merchants_own_articles(
    merchant, judge_server, django_assert_max_num_queries
):
    from improvement.articles import save_article

    save_article(merchant, external_id="kb-pay", title="Payment", body="Add the new card.", updated_at=NOW)
    told(merchant, sources=["kb-pay", "kb-gone"])
    with django_assert_max_num_queries(30):
        run(merchant)
    assert "Add the new card." in judge_server.user_messages[0]
    assert QualityScore.objects.get().accuracy == 0.75


def test_scores_go_to_the_agents_runs_as_feedback(merchant, langsmith_server):
    told(merchant, "traced", trace_id=TRACE)
    told(merchant, "other tracer", trace_id="span-17")
    run(merchant)
    rows = RunFeedback.objects.all()
    assert {row.run_id for row in rows} == {UUID(TRACE)}
    assert {row.key for row in rows} == {"quality", "helpfulness", "politeness", "completeness"}


def test_refused_answers_score_below_good_ones(merchant):
    told(merchant, "good")
    told(merchant, "refused", answer=REFUSAL)
    run(merchant)
    by_thread = dict(QualityScore.objects.values_list("conversation__thread", "overall"))
    assert by_thread["refused"] < by_thread["good"] - 0.2


def test_citing_the_wrong_article_of_the_merchants_own_is_seen(merchant, other_merchant):
    from improvement.articles import save_article
    from improvement.models import Audience

    question, right = "How do I change my payment card?", "Change your payment card"
    save_article(merchant, external_id="kb-card", title=right, body=GOOD, updated_at=NOW)
    save_article(merchant, external_id="kb-ship", title="Delivery", body="Parcels arrive in 3 days.", updated_at=NOW)
    save_article(
        merchant,
        external_id="kb-team",
        title=question,
        body="For the team alone.",
        updated_at=NOW,
        audience=Audience.INTERNAL,
    )
    save_article(other_merchant, external_id="kb-theirs", title=question, body=GOOD, updated_at=NOW)
    told(merchant, "right", sources=["kb-card"])
    told(merchant, "wrong", answer="Parcels arrive in 3 days.", sources=["kb-ship"])
    run(merchant)
    moved = dict(QualityScore.objects.values_list("conversation__thread", "contributions"))
    assert moved["wrong"]["helpfulness"]["better_text"] < -0.3
    assert "better_text" not in moved["right"]["helpfulness"]
    assert "better_passage" not in moved["right"]["helpfulness"]  # neither the team's nor another merchant's counts
