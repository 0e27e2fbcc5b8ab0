"""Whom the judge reads, how often it is asked, and that nobody pays twice. The rest is in test_scoring.py."""

import json
import threading
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from email.utils import format_datetime

import pytest
import time_machine
from django.db import connection

from analytics import scoring, scoring_queue
from analytics.models import Conversation, QualityScore, ScoreAttempt, Scorer
from analytics.rubric import HOUSE_RUBRIC
from analytics.tasks import end_idle_conversations_of, score_ended_conversations_of
from portal.models import LlmCall
from portal.schedule import SCHEDULE, Every
from tests.analytics.quality_cases import GOOD, NOW, judged, told
from tests.events import Chat, send
from tests.stand_ins.http_server import Reply
from tests.stand_ins.openai_server import completion, error

QUOTE = "choose Payment methods"


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def judge_server(openai_server, settings):
    openai_server.answers["Judgement"] = judged(QUOTE)
    settings.OPENAI_MAX_RETRIES = 0
    return openai_server


def scorers(merchant) -> Counter[str]:
    return Counter(QualityScore.objects.for_merchant(merchant).values_list("scorer", flat=True))


@pytest.mark.django_db(transaction=True)
def test_workers_at_the_same_time_pay_for_each_conversation_once(merchant, judge_server, settings):
    """Real connections and real requests, that last long enough to meet."""
    with time_machine.travel(NOW, tick=True):
        for n in range(6):
            told(merchant, f"c-{n}")
        answer = completion(json.dumps(judged(QUOTE)), wait_seconds=0.05)
        judge_server.script.extend([answer] * 40)
        barrier, failures = threading.Barrier(4), []

        def work() -> None:
            try:
                barrier.wait()
                list(scoring.judge_waiting(merchant))
            except Exception as problem:  # shown by the assertion below
                failures.append(problem)
            finally:
                connection.close()

        workers = [threading.Thread(target=work) for _number in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert failures == []
    assert len(judge_server.requests) == LlmCall.objects.count() == 6
    assert scorers(merchant) == {"llm": 6}
    assert not ScoreAttempt.objects.exists()


@pytest.mark.django_db
def test_who_looked_before_another_was_done_does_not_pay_again(merchant, judge_server, clock):
    conversation = told(merchant)
    list(scoring.judge_waiting(merchant))
    with pytest.raises(scoring_queue.ScoringError, match="has scored"):
        scoring_queue.claim(conversation, Scorer.LLM, HOUSE_RUBRIC, now=NOW)
    assert not ScoreAttempt.objects.exists()


@pytest.mark.django_db
def test_a_worker_that_died_leaves_its_conversation_to_the_next_after_a_while(merchant, judge_server, clock):
    scoring_queue.claim(told(merchant), Scorer.LLM, HOUSE_RUBRIC, now=NOW)
    list(scoring.judge_waiting(merchant))
    assert judge_server.requests == []
    clock.shift(scoring_queue.claim_time() + timedelta(seconds=1))
    list(scoring.judge_waiting(merchant))
    assert scorers(merchant) == {"llm": 1}


@pytest.mark.django_db
def test_a_claim_outlasts_every_wait_of_a_call(settings):
    settings.OPENAI_TIMEOUT_SECONDS, settings.OPENAI_MAX_RETRIES = 300, 4
    assert scoring_queue.claim_time() > timedelta(seconds=5 * 300 + 4 * 60)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (completion(None, refusal="no"), "refused"),
        (completion('{"helpfulness": {"ration', finish_reason="length"), "cut off"),
        (completion(None, finish_reason="content_filter"), "content filter"),
        (completion('{"helpfulness": 4}'), "could not be read"),
        (completion("I would give it a four."), "could not be read"),
        (completion(None), "is empty"),
        (completion(json.dumps(judged("", None))), "no criterion that applies"),
        (completion(json.dumps(judged("words of nobody"))), "not in the conversation"),
    ],
)
def test_what_is_no_judgement_is_asked_for_again_with_growing_waits_then_recorded(
    merchant, judge_server, settings, clock, reply: Reply, reason
):
    settings.OPENAI_INPUT_PRICE = settings.OPENAI_OUTPUT_PRICE = "10"
    told(merchant)
    judge_server.script.extend([reply] * 20)
    waits = []
    for attempt in range(1, scoring_queue.MAX_ATTEMPTS + 1):
        assert list(scoring.judge_waiting(merchant)) == [None]
        row = ScoreAttempt.objects.get()
        assert (row.n_attempts, row.is_final) == (attempt, attempt == scoring_queue.MAX_ATTEMPTS)
        assert reason in row.error
        waits.append(row.claimed_until - scoring.timezone.now())
        clock.move_to(row.claimed_until - timedelta(seconds=1))
        assert list(scoring.judge_waiting(merchant)) == []
        clock.shift(timedelta(seconds=2))
    assert [wait / waits[0] for wait in waits] == [1, 2, 4, 8]
    clock.shift(timedelta(days=1))
    assert list(scoring.judge_waiting(merchant)) == []
    assert not QualityScore.objects.exists()
    calls = list(LlmCall.objects.values_list("input_tokens", "output_tokens", "cost"))
    assert calls == [(1_000, 200, Decimal("0.012"))] * scoring_queue.MAX_ATTEMPTS, "a failed answer is paid as well"


@pytest.mark.django_db
@pytest.mark.parametrize("as_date", [False, True])
def test_the_provider_says_when_to_come_again(merchant, judge_server, clock, as_date):
    told(merchant)
    retry_after = format_datetime(NOW + timedelta(seconds=90), usegmt=True) if as_date else "90"
    judge_server.script.append(error(429, "rate_limit_exceeded", Retry_After=retry_after))
    assert list(scoring.judge_waiting(merchant)) == [None]
    assert list(scoring.judge_waiting(merchant)) == []
    assert len(judge_server.requests) == 1
    clock.shift(timedelta(seconds=89))
    assert list(scoring.judge_waiting(merchant)) == []
    clock.shift(timedelta(seconds=2))
    assert len(list(scoring.judge_waiting(merchant))) == 1
    assert not ScoreAttempt.objects.exists()


@pytest.mark.django_db
def test_a_merchants_calls_in_a_minute_are_limited_and_the_rest_has_local_scores(
    merchant, other_merchant, judge_server, settings, clock
):
    settings.JUDGE_CALLS_PER_MINUTE = 2
    for n in range(3):
        told(merchant, f"c-{n}")
    told(other_merchant)
    score_ended_conversations_of(merchant.pk)
    assert scorers(merchant) == {"llm": 2, "local": 1}
    score_ended_conversations_of(other_merchant.pk)
    assert scorers(other_merchant) == {"llm": 1}, "each merchant has its own"


@pytest.mark.django_db
def test_the_judge_reads_the_merchants_share_and_always_the_same(merchant, judge_server, settings, clock):
    settings.JUDGE_CALLS_PER_MINUTE = 0
    merchant.judged_share = 40
    merchant.save()
    ids = [told(merchant, f"c-{n}").pk for n in range(25)]
    expected = {pk for pk in ids if scoring_queue.is_sampled(pk, 40)}
    assert 3 < len(expected) < 20
    assert set(scoring_queue.waiting_for_judge(merchant, now=NOW).values_list("pk", flat=True)) == expected
    score_ended_conversations_of(merchant.pk)
    judged_ids = set(QualityScore.objects.filter(scorer="llm").values_list("conversation", flat=True))
    local_ids = set(QualityScore.objects.filter(scorer="local").values_list("conversation", flat=True))
    assert (judged_ids, local_ids) == (expected, set(ids) - expected)
    chosen = Conversation.objects.get(pk=min(expected))
    assert scoring_queue.choose_scorer(chosen, now=NOW) == Scorer.LLM
    assert scoring_queue.choose_scorer(Conversation.objects.get(pk=min(local_ids)), now=NOW) == Scorer.LOCAL
    merchant.judged_share = 0
    assert not scoring_queue.waiting_for_judge(merchant, now=NOW).exists()


def test_a_sample_is_random_of_its_size_and_part_of_a_larger_one():
    ids = range(1, 20_001)
    tenth, half = ({pk for pk in ids if scoring_queue.is_sampled(pk, share)} for share in (10, 50))
    assert len(tenth) == pytest.approx(2_000, abs=130)
    assert tenth < half
    assert len([pk for pk in tenth if pk % 10 == 0]) == pytest.approx(200, abs=50), "no pattern in the ids"
    assert all(scoring_queue.is_sampled(pk, 100) for pk in ids)
    assert not any(scoring_queue.is_sampled(pk, 0) for pk in ids)


@pytest.mark.django_db
@pytest.mark.parametrize("has_judge", [False, True])
def test_what_ended_is_scored_by_the_next_runs_within_five_minutes(merchant, openai_server, settings, clock, has_judge):
    """Also what ends by being idle, and while the model is out of order."""
    settings.OPENAI_API_KEY = "sk-stand-in" if has_judge else ""
    settings.OPENAI_MAX_RETRIES = 0
    openai_server.script.extend([error(503, "overloaded")] * 9)
    every = {entry.task: entry.seconds for entry in SCHEDULE if isinstance(entry, Every)}
    ends, scores = every["analytics.tasks.end_idle_conversations"], every["analytics.tasks.score_ended_conversations"]
    assert ends + scores <= 300 - 60, "a minute for the work itself"

    chat = Chat("idle", at="2026-11-22T11:59:00+00:00").start().ask("How do I change my card?").answer(GOOD)
    send(merchant, chat)
    told(merchant, "closed", at="2026-11-23T11:50:00+00:00")
    clock.move_to(NOW + timedelta(seconds=ends))
    end_idle_conversations_of(merchant.pk)
    clock.shift(timedelta(seconds=scores))
    score_ended_conversations_of(merchant.pk)
    found = QualityScore.objects.select_related("conversation")
    assert {score.conversation.thread for score in found} == {"idle", "closed"}
    assert all(score.created_at - score.conversation.ended_at <= timedelta(minutes=15) for score in found)
