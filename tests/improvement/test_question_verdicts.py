"""Why a question counts as answered or not, where a reviewer decides: a gap's page, its questions, the conversation."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import translation

from analytics.models import Conversation, Counting
from improvement.articles import save_article
from improvement.models import Question, QuestionMark
from improvement.question_verdicts import read_verdicts
from improvement.unknown_words import split_words
from tests.improvement.gap_builder import make_gap

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
PATHS = ("/lumen/gaps/{gap}/", "/lumen/gaps/{gap}/questions/", "/lumen/conversations/{conversation}/")


@pytest.fixture
def question(merchant) -> Question:
    """Judged at 18 %: the articles use none of its words, the agent was 30 % sure, the customer rated it 2."""
    at = NOW - timedelta(days=30)
    article = save_article(merchant, external_id="a", title="Pay a bill", body="Open Billing.", updated_at=NOW)
    article = getattr(article, "article", article)
    article.live_version.published_at = at - timedelta(days=1)
    article.live_version.save()
    gap = make_gap(merchant, [("reset the voucher of my bill", None), ("reset voucher", None)], at=at)
    found = Question.objects.filter(gap=gap).order_by("asked_at").first()
    Question.objects.filter(pk=found.pk).update(
        coverage_probability=0.18,
        own_probability=0.4,
        coverage_reasons=[-0.6, 0.02, -2.0, 0.3],
        coverage_signals=[0.0, 0.0, -0.2, -0.7],
        nearest_article=article,
        nearest_similarity=0.41,
    )
    Conversation.objects.filter(pk=found.conversation_id).update(rating=2)
    rules = {"chat_idle_hours": 24, "email_idle_hours": 72, "recontact_days": 7, "rules_version": 1}
    Counting.objects.create(merchant=merchant, timezone=merchant.timezone, **rules)
    return Question.objects.get(pk=found.pk)


def read(merchant, question):
    return read_verdicts(merchant, [question.pk], now=NOW)[question.pk]


def test_the_reasons_are_told_strongest_first_with_what_the_conversation_showed(merchant, question):
    verdict = read(merchant, question)
    assert (str(verdict.label), verdict.is_covered, verdict.nearest.title) == ("Probably not", False, "Pay a bill")
    assert [(one.kind, one.standing) for one in verdict.reasons] == [
        ("words", "against"),
        ("neighbours", "against"),
        ("rating", "against"),
        ("articles", "against"),
        ("topic", "for"),
        ("asked_again", "against"),
    ]
    assert verdict.reasons[0].detail == "In no article: reset, voucher"
    assert str(verdict.reasons[2].label) == "The customer rated it 2 of 5"
    assert [str(one.weight) for one in verdict.reasons][:3] == ["strongly against", "against", "against"]


def test_what_a_conversation_showed_before_the_article_was_there_does_not_count(merchant, question):
    version = question.nearest_article.live_version
    version.published_at = NOW
    version.save()
    rating = next(one for one in read(merchant, question).reasons if one.kind == "rating")
    assert (rating.standing, rating.log_odds) == ("", 0.0)
    assert "newer than this conversation" in rating.detail


def test_a_persons_word_stands_above_the_model(merchant, question, reviewer):
    QuestionMark.objects.create(merchant=merchant, question=question, is_covered=True, by=reviewer, at=NOW)
    verdict = read(merchant, question)
    assert (verdict.is_covered, str(verdict.label)) == (True, "Yes, says a person")
    assert str(reviewer) in verdict.mark.label


def test_neighbours_are_named_only_where_they_moved_the_number_that_is_shown(merchant, question):
    def neighbours(own: float, shown: float) -> list[str]:
        Question.objects.filter(pk=question.pk).update(own_probability=own, coverage_probability=shown)
        return [str(one.label) for one in read(merchant, question).reasons if one.kind == "neighbours"]

    assert neighbours(0.00001, 0.008) == []
    assert neighbours(0.9, 0.5) == ["The questions most like it look less answered than it does by itself"]
    assert neighbours(0.1, 0.5) == ["The questions most like it look more answered than it does by itself"]


def test_a_contraction_is_no_word_that_articles_lack():
    assert split_words("It didn’t say l'adresse, the shop's 'code' or doesn't") == [
        *("say", "adresse", "the", "shop", "code"),
    ]


def test_nobody_is_told_that_the_model_is_certain(merchant, question):
    question.coverage_probability = 1.0
    question.save()
    verdict = read(merchant, question)
    assert (verdict.shown_probability, str(verdict.label)) == (0.99, "Almost certainly")


@pytest.mark.parametrize("path", PATHS)
def test_it_is_shown_where_a_reviewer_decides(sign_in, reviewer, question, path, django_assert_max_num_queries):
    client = sign_in(reviewer)
    with time_machine.travel(NOW, tick=False), django_assert_max_num_queries(30):
        html = client.get(path.format(gap=question.gap_id, conversation=question.conversation_id)).content.decode()
    for shown in ("Probably not, 18%", "Pay a bill", "closeness 0.41 of 1", "In no article: reset, voucher"):
        assert shown in html
    assert f"/lumen/questions/{question.pk}/marks/" in html


def test_numbers_are_written_as_the_merchant_does_and_a_viewer_may_not_mark(sign_in, viewer, question, merchant):
    merchant.locale = "de"
    merchant.save()
    with translation.override("de"):
        html = sign_in(viewer).get(f"/lumen/gaps/{question.gap_id}/").content.decode()
    assert "0,41" in html
    assert "18\xa0%" in html
    assert "/marks/" not in html


@pytest.mark.parametrize(("back", "page"), [("conversation", "conversations"), ("gap", "gaps"), ("questions", "gaps")])
def test_a_mark_leads_back_to_where_it_was_made(sign_in, reviewer, question, back, page):
    answer = sign_in(reviewer).post(f"/lumen/questions/{question.pk}/marks/", {"is_covered": "no", "back": back})
    assert answer.url.startswith(f"/lumen/{page}/")
    assert answer.url.endswith("/questions/") is (back == "questions")
    assert not QuestionMark.objects.get(question=question).is_covered


def test_the_api_gives_the_reasons_of_each_example(api, question):
    rows = api("read").get(f"/api/v1/gaps/{question.gap_id}/").json()["examples"]
    row = next(row for row in rows if row["question_id"] == question.pk)
    assert row["nearest_article"] == "a"
    assert row["reasons"][0] == {
        "kind": "words",
        "said": "The articles do not use its words",
        "detail": "In no article: reset, voucher",
        "log_odds": -2.0,
    }
