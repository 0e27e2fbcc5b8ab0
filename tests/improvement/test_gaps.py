"""From conversations to gaps that survive: read, refresh, decide, refresh again. Every refresh runs as a task would."""

from datetime import UTC, datetime, timedelta

import pytest

from analytics.models import Conversation, Outcome
from improvement.articles import save_article
from improvement.coverage import read_new_questions
from improvement.errors import RefusedError
from improvement.gaps import refresh_gaps
from improvement.models import Dismissal, Gap, GapStatus, Question, Reading
from improvement.tasks import find_gaps
from improvement.tasks import read_new_questions as read_task
from improvement.tasks import refresh_gaps as refresh_task
from portal.models import AuditEntry, Job, JobState
from tests.improvement.gap_builder import QUESTIONS as PASSWORD

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
BILL = [
    *("I want to pay my bill", "how can I pay the bill?", "pay my latest bill please", "where do I pay the bill"),
    *("can I pay my bill by card", "I need to pay a bill", "paying my bill online", "pay bill now"),
]
BILL_ARTICLE = (
    "- Pay my bill\n- Where can I pay the latest bill?\n- Pay a bill by card\n- How do I pay the bill online?"
)
PASSWORD_ARTICLE = "\n".join(f"- {text}" for text in PASSWORD)
OTHERS = {
    "Change your address": "- I moved and have a new address\n- Change my address\n- Update my home address",
    "Add a driver": "- Add my son to the policy\n- Add a driver\n- Put my wife on my car insurance",
}


def ask(merchant, text: str, *, at=NOW - timedelta(days=20), **more) -> Conversation:
    number = Conversation.objects.count() + 1
    values = {"outcome": Outcome.ESCALATED, "customer_id": f"u-{number}", "updated_at": at} | more
    return Conversation.objects.create(
        merchant=merchant,
        thread=f"c-{number}",
        channel="widget",
        started_at=at,
        last_event_at=at,
        question=text,
        **values,
    )


def refresh(merchant, *, days=0) -> int:
    read_new_questions(merchant, NOW + timedelta(days=days))
    return refresh_gaps(merchant, NOW + timedelta(days=days))


def write(merchant, title: str, body: str, *, at=NOW - timedelta(days=90)) -> None:
    save_article(merchant, external_id=title.lower(), title=title, body=body, updated_at=at)


@pytest.fixture
def insurer(merchant):
    """Bills, addresses and drivers have articles, passwords have none."""
    write(merchant, "Pay your bill", BILL_ARTICLE)
    for title, body in OTHERS.items():
        write(merchant, title, body)
    for text in [*BILL, *PASSWORD]:
        ask(merchant, text)
    return merchant


@pytest.fixture
def gap(insurer) -> Gap:
    assert refresh(insurer) == 1
    return Gap.objects.get()


def test_what_no_article_answers_becomes_one_gap_with_its_impact(gap, insurer):
    assert gap.name == "Reset my password"
    assert gap.n_questions == len(PASSWORD)
    assert set(gap.questions.values_list("text", flat=True)) == set(PASSWORD)
    # Twelve questions in the twenty days since the merchant's first, none resolved, all answerable by text.
    assert gap.impact_per_week == pytest.approx(12 / (20 / 7))
    assert gap.verified_resolution_rate == 0
    assert float(gap.money_per_week) == pytest.approx(gap.impact_per_week * 8 * 25 / 60, abs=0.01)
    assert gap.priority == "high"
    covered = Question.objects.filter(text__in=BILL)
    assert {question.is_covered for question in covered} == {True}
    assert covered.first().nearest_article.title == "Pay your bill"


def test_reading_twice_reads_once_and_excluded_conversations_have_no_question(merchant):
    ask(merchant, "Where is my parcel?")
    ask(merchant, "buy cheap pills", exclusion="spam")
    ask(merchant, "")
    assert read_new_questions(merchant, NOW) == 1
    assert read_new_questions(merchant, NOW) == 0
    assert Question.objects.get().text == "Where is my parcel?"
    assert Reading.objects.get().read_to is not None


def test_a_changed_question_is_read_again_and_one_that_turned_out_to_be_spam_goes(merchant):
    chat = ask(merchant, "Where is my parcel?")
    read_new_questions(merchant, NOW)
    Conversation.objects.filter(pk=chat.pk).update(question="Where is my refund?", updated_at=NOW)
    assert read_new_questions(merchant, NOW) == 1
    assert Question.objects.get().text == "Where is my refund?"
    Conversation.objects.filter(pk=chat.pk).update(exclusion="spam", updated_at=NOW)
    read_new_questions(merchant, NOW)
    assert not Question.objects.exists()


def test_many_conversations_of_one_moment_are_all_read(merchant, monkeypatch):
    monkeypatch.setattr("improvement.coverage.BATCH", 3)
    for number in range(8):
        ask(merchant, f"Question number {number}")
    assert read_new_questions(merchant, NOW) == 8


def test_equal_inputs_are_not_computed_again(gap, insurer, django_assert_max_num_queries):
    with django_assert_max_num_queries(14):
        assert refresh_gaps(insurer, NOW) == 1


def test_more_questions_join_the_gap_and_keep_its_id_and_typed_name(gap, insurer, owner):
    gap.rename("Forgotten passwords", by=owner)
    for _n in range(6):
        ask(insurer, "please reset my password", at=NOW - timedelta(days=1))
    assert refresh(insurer) == 1
    again = Gap.objects.get()
    assert (again.pk, again.name, again.n_questions) == (gap.pk, "Forgotten passwords", len(PASSWORD) + 6)


def test_a_dismissed_gap_stays_dismissed_when_it_is_asked_again(gap, insurer, owner):
    gap.dismiss(by=owner, dismissal=Dismissal.WILL_NOT_WRITE, reason="Handled by the bank")
    for _n in range(6):
        ask(insurer, "please reset my password", at=NOW - timedelta(days=1))
    refresh(insurer)
    again = Gap.objects.get()
    assert (again.pk, again.status, again.status_reason) == (gap.pk, GapStatus.DISMISSED, "Handled by the bank")
    again.reopen(by=owner)
    assert (again.status, again.dismissal) == (GapStatus.REOPENED, "")
    assert list(AuditEntry.objects.filter(verb__startswith="gap.").values_list("verb", flat=True)) == [
        *("gap.reopened", "gap.dismissed")
    ]


def test_a_gap_in_work_can_be_neither_dismissed_nor_reopened(gap, owner):
    gap.move_to(GapStatus.DRAFTING)
    with pytest.raises(RefusedError, match="drafting"):
        gap.dismiss(by=owner, dismissal=Dismissal.NOT_A_GAP)
    with pytest.raises(RefusedError, match="drafting"):
        gap.reopen(by=owner)
    with pytest.raises(RefusedError):
        gap.rename("  ", by=owner)


def test_an_article_written_by_hand_addresses_the_open_gap(gap, insurer):
    write(insurer, "Reset your password", PASSWORD_ARTICLE, at=NOW)
    assert refresh(insurer) == 0
    again = Gap.objects.get()
    assert (again.pk, again.status, again.n_questions) == (gap.pk, GapStatus.ADDRESSED, 0)


def test_an_addressed_gap_that_is_still_asked_is_reopened(gap, insurer):
    gap.move_to(GapStatus.ADDRESSED)
    for number in range(6):
        ask(insurer, f"please reset my password {number}", at=NOW - timedelta(days=1))
    refresh(insurer)
    again = Gap.objects.get()
    assert (again.pk, again.status) == (gap.pk, GapStatus.REOPENED)


def test_two_merchants_never_mix(gap, insurer, other_merchant):
    for text in PASSWORD:
        ask(other_merchant, text)
    refresh(other_merchant)
    assert Gap.objects.for_merchant(insurer).get().n_questions == len(PASSWORD)
    assert Question.objects.filter(gap=gap).exclude(merchant=insurer).count() == 0


def test_another_embedding_model_reads_everything_anew(gap, insurer, openai_server, settings):
    settings.OPENAI_EMBEDDINGS = True
    assert read_new_questions(insurer, NOW) == len(BILL) + len(PASSWORD)
    assert set(Question.objects.values_list("embedding_model", flat=True)) == {"openai:text-embedding-3-small"}


def test_a_language_model_names_new_gaps_where_it_is_configured(insurer, openai_server):
    openai_server.answers["GapName"] = {"name": "Reset a password."}
    refresh(insurer)
    assert Gap.objects.get().name == "Reset a password"
    assert "&lt;" not in openai_server.user_messages[0]
    assert "<questions>" in openai_server.user_messages[0]


def test_a_language_model_that_fails_leaves_the_keyphrases(insurer, openai_server):
    refresh(insurer)
    assert Gap.objects.get().name == "Reset my password"


def test_the_tasks_may_run_twice(insurer, settings):
    settings.CELERY_TASK_ALWAYS_EAGER = True
    for _time in range(2):
        read_task(insurer.pk)
        refresh_task(insurer.pk)
    assert Gap.objects.count() == 1


def test_the_job_of_the_page_tells_what_came_out_and_runs_once(insurer, owner):
    job = Job.start(insurer, "find_gaps", by=owner)
    find_gaps(job.pk)
    job.refresh_from_db()
    assert (job.state, job.message) == (JobState.DONE, "1 topic is not covered.")
    find_gaps(job.pk)
    assert Job.objects.get().state == JobState.DONE
