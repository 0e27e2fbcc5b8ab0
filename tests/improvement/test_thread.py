"""One merchant's real questions end to end: six topics without an article must come out as gaps, and nothing else."""

import gzip
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.core.management import call_command

from analytics.ingest import ingest_events
from improvement.coverage import read_new_questions
from improvement.gaps import refresh_gaps
from improvement.models import Gap, Question

THREAD = Path(__file__).resolve().parents[3] / "shared" / "data" / "thread"
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
# Conversations are stamped while the events come in, and what is stamped later than the moment of reading waits.
READ_AT = NOW + timedelta(hours=1)
LAST_DAY = datetime(2026, 11, 15, tzinfo=UTC)
HELD_BACK = {
    "FileClaim", "RequestProofOfInsurance", "FindAgent", "ResetPassword", "ReportAutomobileAccident", "GetPolicyNumber",
}  # fmt: skip

pytestmark = pytest.mark.skipif(not THREAD.exists(), reason="the thread's events and articles are not on this machine")


@pytest.fixture
def events_read(merchant):
    with time_machine.travel(NOW, tick=True):
        call_command("import_articles", THREAD / "articles.jsonl", merchant="lumen")
        lines = gzip.decompress((THREAD / "events.ndjson.gz").read_bytes()).splitlines()
        events = [json.loads(line) for line in lines]
        for start in range(0, len(events), 2000):
            assert not ingest_events(merchant, events[start : start + 2000], now=NOW).rejected
        read_new_questions(merchant, READ_AT)
    assert Question.objects.for_merchant(merchant).count() > 900
    return merchant


@pytest.fixture
def thread(events_read):
    refresh_gaps(events_read, NOW)
    return events_read


@pytest.fixture(scope="module")
def intents() -> dict[str, str]:
    """Only for checking: the product never reads it."""
    rows = [json.loads(line) for line in (THREAD / "truth.jsonl").read_text().splitlines()]
    return {row["conversation_id"]: row["intent"] for row in rows}


def main_intent(gap: Gap, intents: dict[str, str]) -> str:
    threads = gap.questions.values_list("conversation__thread", flat=True)
    return Counter(intents[thread] for thread in threads).most_common(1)[0][0]


def test_the_first_ten_gaps_are_the_held_back_topics_and_no_covered_one(thread, intents):
    first_ten = list(Gap.objects.for_merchant(thread).filter(n_questions__gt=0)[:10])
    topics = [main_intent(gap, intents) for gap in first_ten]
    assert set(topics) == HELD_BACK
    assert len(topics) == len(HELD_BACK)  # none of them twice
    questions = Question.objects.for_merchant(thread).select_related("conversation")
    n_right = sum(
        question.is_covered == (intents[question.conversation.thread] not in HELD_BACK) for question in questions
    )
    assert n_right / len(questions) > 0.95


def test_a_second_run_keeps_every_gap_and_every_question(thread):
    before = list(Gap.objects.for_merchant(thread).values_list("pk", "name", "n_questions"))
    members = dict(Question.objects.for_merchant(thread).values_list("pk", "gap_id"))
    assert read_new_questions(thread, READ_AT) == 0
    refresh_gaps(thread, NOW)
    thread.recontact_days = 8  # the inputs differ, so everything is computed anew
    thread.save()
    refresh_gaps(thread, NOW)
    assert list(Gap.objects.for_merchant(thread).values_list("pk", "name", "n_questions")) == before
    assert dict(Question.objects.for_merchant(thread).values_list("pk", "gap_id")) == members


@pytest.mark.parametrize("starts_days_ago", [8, 30])
def test_a_day_and_a_week_more_move_few_questions(events_read, starts_days_ago):
    """Of the questions in a gap, at least 95 of 100 keep it when a day is added, and when a week is added to that."""
    merchant = events_read
    start = LAST_DAY - timedelta(days=starts_days_ago)
    refresh_gaps(merchant, start)
    for days in (1, 8):
        before = dict(Question.objects.exclude(gap=None).values_list("pk", "gap_id"))
        names = dict(Gap.objects.values_list("pk", "name"))
        refresh_gaps(merchant, start + timedelta(days=days))
        after = dict(Question.objects.filter(pk__in=before).values_list("pk", "gap_id"))
        n_kept = sum(after[pk] == gap_id for pk, gap_id in before.items())
        assert n_kept >= 0.95 * len(before)
        assert names.items() <= dict(Gap.objects.values_list("pk", "name")).items()
