"""Why the knowledge base does not answer a gap, and whether it is asked more: from signals, pure."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from analytics.models import HandoffReason, Outcome
from improvement.gap_lack import Text, find_lack
from improvement.keyphrases import count_phrases, find_missing_words
from improvement.ranking import count_weeks, find_trend
from improvement.stream import Asked

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def asked(number: int, *, outcome=Outcome.ESCALATED, reason="", days_ago=3) -> Asked:
    values = dict.fromkeys(Asked.__dataclass_fields__) | {
        "question_id": number,
        "text": "q",
        "asked_at": NOW - timedelta(days=days_ago),
        "conversation_id": number,
        "outcome": outcome,
        "handoff_reason": reason,
        "is_refuted": False,
    }
    return Asked(**values)


def lack(members, **known):
    given = {"uses": {}, "texts": {}, "nearest": [], "disputed": {}} | known
    return find_lack(members, **given)


def test_what_no_text_can_do_needs_an_action():
    members = [
        asked(n, reason=HandoffReason.TOOL_FAILURE if n < 4 else HandoffReason.MISSING_KNOWLEDGE) for n in range(6)
    ]
    assert lack(members) == ("needs_action", {"n": 6, "n_beyond": 4, "reasons": {"tool_failure": 4}})
    assert lack(members[2:])[0] == "missing"


def test_two_articles_that_disagree_and_are_both_near():
    members = [asked(n) for n in range(6)]
    assert lack(members, nearest=[7, 8, 9], disputed={(7, 9): 1}) == ("contradictory", {"articles": [7, 9], "pair": 1})
    assert lack(members, nearest=[7, 8], disputed={(7, 9): 1})[0] == "missing"


@pytest.mark.parametrize(("days", "kind"), [(400, "stale"), (20, "missing")])
def test_an_article_that_is_used_and_fails_is_out_of_date_where_it_is_old(days, kind):
    members = [asked(n) for n in range(6)]
    uses = {n: ["returns"] for n in range(4)}
    texts = {"returns": Text(5, NOW - timedelta(days=days))}
    found, evidence = lack(members, uses=uses, texts=texts)
    assert found == kind
    assert {"articles": [5], "n": 6, "n_used": 4, "n_failed": 4}.items() <= evidence.items()


def test_an_article_that_helped_most_is_not_to_blame():
    members = [replace(asked(n), outcome=Outcome.RESOLVED) for n in range(6)]
    texts = {"returns": Text(5, NOW - timedelta(days=400))}
    assert lack(members, uses={n: ["returns"] for n in range(6)}, texts=texts, nearest=[3])[1] == {"articles": [3]}


def test_weeks_end_now_and_a_trend_is_beyond_chance():
    counts = count_weeks([NOW, NOW - timedelta(days=6), NOW - timedelta(days=8), NOW - timedelta(weeks=12)], now=NOW)
    assert counts == [0] * 10 + [1, 2]
    assert find_trend([0] * 4 + [5] * 4 + [11] * 4) == "rising"
    assert find_trend([0] * 4 + [11] * 4 + [5] * 4) == "falling"
    assert find_trend([0] * 4 + [5] * 4 + [6] * 4) == ""
    assert find_trend([0] * 12) == find_trend([]) == ""


def test_words_that_many_questions_say_and_the_article_does_not():
    questions = ["How do I file a claim?", "file a claim with the adjuster", "my claim adjuster", "pay the claim"]
    assert find_missing_words(count_phrases(questions), "Pay: how to pay, and to file papers.") == ["claim", "adjuster"]
