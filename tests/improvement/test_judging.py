"""What is stored of a judgement, from conversations to rows."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import numpy as np
import pytest

from analytics.models import Author, Conversation, Message
from improvement.agent_signals import Level, Signal
from improvement.articles import save_article
from improvement.coverage import read_batch
from improvement.coverage_reasons import Group, explain
from improvement.judging import judge_stream, store_judged
from improvement.models import Question, QuestionRequest, Reading
from improvement.question_marks import mark_question
from improvement.stream import load_stream

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
BILL = "- Pay your bill\n- Open Billing to pay the bill\n- Where can I pay the latest bill?\n- Pay a bill by card"
ADDRESS = "- Change my address\n- I moved and have a new address\n- Update my home address"
PASSWORD = ["I need to reset my password", "please reset my password", "how do I reset a password", "reset password?"]
PAYING = ["I want to pay my bill", "pay the bill please", "can I pay my bill by card", "how do I pay a bill"]
SEVERAL = "How do I pay a bill? And I want to reset the password of the shop."


@pytest.fixture
def _articles(merchant):
    for title, body in (("Pay your bill", BILL), ("Change your address", ADDRESS)):
        save_article(merchant, external_id=title, title=title, body=body, updated_at=NOW - timedelta(days=90))
    Reading.objects.create(merchant=merchant)


def hear(merchant, texts, *, days_ago=5.0) -> None:
    for number, text in enumerate(texts):
        at = NOW - timedelta(days=days_ago) + timedelta(minutes=number)
        Conversation.objects.create(
            merchant=merchant,
            thread=f"{days_ago}-{number}",
            channel="widget",
            started_at=at,
            last_event_at=at,
            question=text,
            updated_at=at,
        )
    read_batch(merchant, list(Conversation.objects.for_merchant(merchant)))


def judge_all(merchant) -> dict[str, bool]:
    stream = load_stream(merchant, NOW)
    store_judged(merchant, stream, judge_stream(merchant, stream))
    return dict(Question.objects.for_merchant(merchant).values_list("text", "is_covered"))


@pytest.mark.usefixtures("_articles")
def test_small_talk_is_no_question(merchant):
    hear(merchant, ["Hiii", "ok thanks", *PASSWORD, *PAYING])
    covered = judge_all(merchant)
    assert covered == dict.fromkeys(PASSWORD, False) | dict.fromkeys(PAYING, True)


@pytest.mark.usefixtures("_articles")
def test_a_message_is_covered_when_all_of_its_requests_are(merchant):
    hear(merchant, [*PASSWORD, *PAYING, SEVERAL])
    stream = load_stream(merchant, NOW)
    whole = stream.vectors[-1].copy()
    judged = judge_stream(merchant, stream)
    store_judged(merchant, stream, judged)
    question = Question.objects.for_merchant(merchant).get(text=SEVERAL)
    paying, password = question.requests.all()
    assert (paying.text, password.text) == ("How do I pay a bill?", "And I want to reset the password of the shop.")
    assert paying.coverage_probability > 0.5 > password.coverage_probability
    assert (question.is_covered, question.coverage_probability) == (False, password.coverage_probability)
    assert not judged.by_message.is_covered[-1]
    # The uncovered request is what joins a gap.
    assert stream.vectors[-1] == pytest.approx(np.asarray(password.embedding), abs=1e-6)
    assert stream.vectors[-1] != pytest.approx(whole, abs=1e-2)


@pytest.mark.usefixtures("_articles")
def test_a_message_that_changed_to_one_request_has_no_parts_left(merchant):
    hear(merchant, [SEVERAL])
    assert QuestionRequest.objects.for_merchant(merchant).count() == 2
    Conversation.objects.for_merchant(merchant).update(question=PASSWORD[0])
    read_batch(merchant, list(Conversation.objects.for_merchant(merchant)))
    assert not QuestionRequest.objects.for_merchant(merchant).exists()


@pytest.mark.usefixtures("_articles")
def test_a_new_day_is_judged_with_what_was_learned_and_the_old_questions_keep_theirs(merchant):
    texts = [f"{text} {word}" for text in PASSWORD + PAYING for word in ("today", "now", "again", "soon", "please")]
    hear(merchant, texts)
    judge_all(merchant)
    before = dict(Question.objects.for_merchant(merchant).values_list("pk", "coverage_probability"))
    learned = Reading.objects.get(merchant=merchant).learned
    hear(merchant, ["can you reset my password", "where do I pay the bill"], days_ago=1)
    judged = judge_all(merchant)
    assert judged["can you reset my password"] is False
    assert judged["where do I pay the bill"] is True
    assert Reading.objects.get(merchant=merchant).learned == learned
    after = dict(
        Question.objects.for_merchant(merchant).filter(pk__in=before).values_list("pk", "coverage_probability")
    )
    assert after == before


@pytest.mark.usefixtures("_articles")
@pytest.mark.parametrize("change", ["article", "mark", "many", "week"])
def test_all_is_learned_again_when(merchant, reviewer, change):
    hear(merchant, PASSWORD + PAYING, days_ago=9)
    judge_all(merchant)
    learned = Reading.objects.get(merchant=merchant).learned
    if change == "article":
        body = "\n".join(f"- {text}" for text in PASSWORD)
        save_article(merchant, external_id="p", title="Password", body=body, updated_at=NOW - timedelta(days=1))
    elif change == "mark":
        mark_question(merchant, Question.objects.get(text=PASSWORD[0]).pk, is_covered=True, by=reviewer)
    else:
        hear(merchant, [f"reset it {n}" for n in range(5)] if change == "many" else [], days_ago=8)
        hear(merchant, ["new password"] if change == "week" else [], days_ago=1)
    covered = judge_all(merchant)
    assert Reading.objects.get(merchant=merchant).learned != learned
    if change == "article":
        assert all(covered.values())
    if change == "mark":
        assert covered[PASSWORD[0]] is True


@pytest.mark.usefixtures("_articles")
def test_the_same_words_on_a_new_day_are_judged_as_before(merchant):
    hear(merchant, [f"{text} {n}" for text in PASSWORD + PAYING for n in ("one", "two", "three")])
    judge_all(merchant)
    hear(merchant, ["I need to reset my password two"], days_ago=1)
    judge_all(merchant)
    same = Question.objects.for_merchant(merchant).filter(text="I need to reset my password two")
    assert len(set(same.values_list("coverage_probability", flat=True))) == 1
    assert same.count() == 2


@pytest.mark.usefixtures("_articles")
def test_the_reasons_of_a_question_are_told_strongest_first(merchant):
    hear(merchant, PASSWORD + PAYING)
    judge_all(merchant)
    question = Question.objects.get(text=PASSWORD[0])
    assert len(question.coverage_reasons) == len(Group)
    reasons = explain(question.coverage_reasons)
    assert reasons[0].log_odds < 0
    assert str(reasons[0].label) in {
        "No article is close to it in meaning",
        "The articles do not use its words",
        "It fits the topic of no article",
    }
    assert [abs(one.log_odds) for one in reasons] == sorted((abs(one.log_odds) for one in reasons), reverse=True)
    assert str(explain([0.0, 0.0, 0.05, 1.0])[0].label) == "It fits the topic of an article"
    assert len(explain([0.0, 0.0, 0.05, 1.0])) == 1


@pytest.mark.usefixtures("_articles")
def test_what_each_signal_of_a_conversation_added_is_stored_with_its_question(merchant):
    hear(merchant, PASSWORD + PAYING)
    Conversation.objects.filter(question__in=PASSWORD).update(handoff_reason="missing_knowledge", rating=1)
    Conversation.objects.filter(question__in=PAYING).update(rating=5)
    judge_all(merchant)
    sources, confidence, asked_again, rating = Question.objects.get(text=PASSWORD[0]).coverage_signals
    assert rating < -0.5
    assert (confidence, asked_again) == (0, 0)  # nothing was said
    assert sources == 0  # all whose sources are known show the same
    assert Question.objects.get(text=PAYING[0]).coverage_signals[3] > 0.5
    Question.objects.update(coverage_signals=None)  # as before the upgrade
    Reading.objects.update(learned=None)
    judge_all(merchant)
    assert not Question.objects.filter(coverage_signals=None).exists()


def test_without_articles_nothing_is_covered_and_nothing_learned(merchant):
    Reading.objects.create(merchant=merchant)
    hear(merchant, PASSWORD)
    assert set(judge_all(merchant).values()) == {False}
    assert Reading.objects.get(merchant=merchant).learned is None


@pytest.mark.usefixtures("_articles")
def test_a_stream_knows_what_its_conversations_showed(merchant):
    hear(merchant, PASSWORD)
    hear(merchant, PAYING[:1], days_ago=30)
    first, second, *_others = Conversation.objects.for_merchant(merchant).filter(question__in=PASSWORD).order_by("pk")
    for conversation, confidences in ((first, [0.9, 0.2]), (second, [0.8])):
        for number, confidence in enumerate(confidences):
            at = conversation.started_at + timedelta(seconds=number)
            Message.objects.create(
                merchant=merchant,
                conversation=conversation,
                event_id=uuid4(),
                occurred_at=at,
                author=Author.AGENT,
                text="…",
                confidence=confidence,
            )
    Conversation.objects.filter(pk=first.pk).update(rating=1, recontacted_at=NOW)
    signals = load_stream(merchant, NOW).read_signals()
    old, of_first, of_second, silent = signals[:4].tolist()
    assert of_first == [Signal.UNCITED, Level.LOW, Level.HIGH, Level.LOW]
    assert of_second == [Signal.UNCITED, Level.HIGH, Level.UNKNOWN, Level.UNKNOWN]  # five days: too early to say
    assert silent == [Signal.UNKNOWN, Level.UNKNOWN, Level.UNKNOWN, Level.UNKNOWN]
    assert old == [Signal.UNKNOWN, Level.UNKNOWN, Level.LOW, Level.UNKNOWN]
