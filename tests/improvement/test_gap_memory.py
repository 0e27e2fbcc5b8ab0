"""What people decide about gaps, and what customers ask next: nothing of it is lost by a refresh."""

from datetime import UTC, datetime, timedelta

import pytest

from analytics.models import Author, Message
from improvement.articles import archive_article
from improvement.coverage import read_new_questions
from improvement.errors import RefusedError
from improvement.gaps import GROUPED_ANEW_EVERY, refresh_gaps
from improvement.models import (
    Article,
    Dismissal,
    Gap,
    GapMerge,
    GapStatus,
    Question,
    Recurrence,
    merge_gaps,
    put_back,
    split_gap,
    take_out,
)
from portal.models import AuditEntry
from tests.improvement.gap_builder import QUESTIONS as PASSWORD
from tests.improvement.gap_builder import make_draft, make_gap, publish
from tests.improvement.test_gaps import BILL, BILL_ARTICLE, OTHERS, ask, write

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
PROOF = (
    *("I need proof of insurance", "send me my proof of insurance", "proof of insurance please"),
    *("can I get a proof of insurance card", "where is my proof of insurance", "email me proof of insurance"),
    *("I need a document that proves my insurance", "print my proof of insurance"),
)


def refresh(merchant, *, days=0) -> None:
    read_new_questions(merchant, NOW + timedelta(days=days))
    refresh_gaps(merchant, NOW + timedelta(days=days))


def members(gap) -> set[str]:
    return set(gap.questions.values_list("text", flat=True))


def insure(merchant):
    """Bills, addresses and drivers have articles, passwords and proofs of insurance have none."""
    write(merchant, "Pay your bill", BILL_ARTICLE)
    for title, body in OTHERS.items():
        write(merchant, title, body)
    for text in [*BILL, *PASSWORD, *PROOF]:
        ask(merchant, text)
    refresh(merchant)
    return merchant


@pytest.fixture
def insurer(merchant):
    return insure(merchant)


@pytest.fixture
def password(insurer) -> Gap:
    return Question.objects.get(text="I want to change my password").gap


@pytest.fixture
def proof(insurer) -> Gap:
    return Question.objects.get(text="send me my proof of insurance").gap


def test_two_topics_are_two_gaps(password, proof):
    assert (members(password), members(proof)) == (set(PASSWORD), set(PROOF))


def test_new_questions_join_their_gap_before_anything_is_grouped(insurer, password, proof):
    ask(insurer, "how can I reset a password?", at=NOW)
    ask(insurer, "please send proof of insurance", at=NOW)
    ask(insurer, "do you sell pet food for hamsters", at=NOW)
    refresh(insurer, days=1)
    assert Question.objects.get(text="how can I reset a password?").gap == password
    assert Question.objects.get(text="please send proof of insurance").gap == proof
    assert Question.objects.get(text="do you sell pet food for hamsters").gap is None


@pytest.mark.parametrize("later", [timedelta(days=1), GROUPED_ANEW_EVERY])
def test_merged_gaps_stay_one_and_take_what_is_asked_like_either(insurer, password, proof, owner, later):
    merge_gaps(proof, password, by=owner)
    password.refresh_from_db()
    assert password.n_questions == len(PASSWORD) + len(PROOF)
    ask(insurer, "please send proof of insurance", at=NOW)
    ask(insurer, "how can I reset a password?", at=NOW)
    refresh(insurer, days=later.days)
    assert members(password) == {*PASSWORD, *PROOF, "please send proof of insurance", "how can I reset a password?"}
    assert Gap.objects.filter(n_questions__gt=0).count() == 1


def test_undoing_a_merge_brings_both_back_with_names_and_questions(insurer, password, proof, owner):
    names = (password.name, proof.name)
    merge = merge_gaps(proof, password, by=owner)
    merge.undo(by=owner)
    refresh(insurer, days=1)
    for gap in (password, proof):
        gap.refresh_from_db()
    assert (password.name, proof.name) == names
    assert (members(password), members(proof)) == (set(PASSWORD), set(PROOF))
    with pytest.raises(RefusedError):
        GapMerge.objects.get().undo(by=owner)
    verbs = AuditEntry.objects.filter(verb__startswith="gap.").values_list("verb", flat=True)
    assert list(verbs) == ["gap.merge_undone", "gap.merged"]


def test_what_came_along_with_a_merged_gap_goes_back_with_it(insurer, password, proof, owner):
    third = make_gap(insurer, [("What is my policy number?", None)], name="policy number")
    merge_gaps(third, proof, by=owner)
    second = merge_gaps(proof, password, by=owner)
    third.refresh_from_db()
    assert third.merged_into == password
    second.undo(by=owner)
    third.refresh_from_db()
    assert third.merged_into == proof
    assert "What is my policy number?" in members(proof)


def test_a_gap_cannot_be_merged_into_itself_twice_or_while_it_is_written_about(password, proof, owner):
    with pytest.raises(RefusedError):
        merge_gaps(proof, proof, by=owner)
    proof.move_to(GapStatus.DRAFTING)
    with pytest.raises(RefusedError, match="on its way"):
        merge_gaps(proof, password, by=owner)
    proof.move_to(GapStatus.OPEN)
    merge_gaps(proof, password, by=owner)
    with pytest.raises(RefusedError):
        merge_gaps(proof, password, by=owner)


@pytest.mark.parametrize("later", [timedelta(days=1), GROUPED_ANEW_EVERY])
def test_a_split_survives_and_draws_its_own_questions(insurer, password, owner, later):
    locked_out = [
        q.pk
        for q in Question.objects.filter(
            text__in=("I lost my password", "I am locked out and need to reset my password")
        )
    ]
    new = split_gap(password, locked_out, "Locked out", by=owner)
    refresh(insurer, days=later.days)
    assert {"I lost my password", "I am locked out and need to reset my password"} <= members(new)
    assert members(new).isdisjoint(members(password))
    assert len(members(password)) + len(members(new)) == len(PASSWORD)
    new.refresh_from_db()
    assert (new.name, new.is_renamed, new.status) == ("Locked out", True, GapStatus.OPEN)


def test_a_split_needs_a_name_and_some_but_not_all_questions(password, owner):
    everything = list(password.questions.values_list("pk", flat=True))
    for chosen, name in ((everything, "All"), ([], "None"), (everything[:2], " ")):
        with pytest.raises(RefusedError):
            split_gap(password, chosen, name, by=owner)
    assert Gap.objects.count() == 2


@pytest.mark.parametrize("later", [timedelta(days=1), GROUPED_ANEW_EVERY])
def test_a_question_that_was_taken_out_stays_out_until_it_is_put_back(insurer, password, owner, later):
    question = Question.objects.get(text="I want to change my password")
    take_out(password, question, by=owner)
    refresh(insurer, days=later.days)
    question.refresh_from_db()
    assert question.gap is None
    put_back(password, question, by=owner)
    refresh(insurer, days=later.days + 1)
    question.refresh_from_db()
    assert question.gap == password
    with pytest.raises(RefusedError):
        put_back(password, question, by=owner)


def test_what_was_taken_out_to_the_last_question_does_not_come_back(insurer, proof, owner):
    for question in proof.questions.all():
        take_out(proof, question, by=owner)
    refresh(insurer, days=GROUPED_ANEW_EVERY.days)
    assert not proof.questions.exists()


def test_a_dismissed_gap_takes_what_is_asked_like_it_even_long_after_its_own_questions_left(insurer, proof, owner):
    proof.dismiss(by=owner, dismissal=Dismissal.WILL_NOT_WRITE, reason="Sent by post")
    for text in PROOF:
        ask(insurer, f"{text} today", at=NOW + timedelta(days=300))
    refresh(insurer, days=301)
    proof.refresh_from_db()
    assert proof.status == GapStatus.DISMISSED
    assert Gap.objects.filter(n_questions__gt=0).get() == proof


def test_grouping_anew_keeps_ids_names_and_questions(insurer, password, proof):
    before = dict(Question.objects.values_list("pk", "gap_id"))
    names = dict(Gap.objects.values_list("pk", "name"))
    refresh(insurer, days=GROUPED_ANEW_EVERY.days)
    assert dict(Question.objects.values_list("pk", "gap_id")) == before
    assert dict(Gap.objects.values_list("pk", "name")) == names


def test_without_a_single_question_there_is_nothing_to_group(merchant):
    refresh(merchant)
    write(merchant, "Pay your bill", BILL_ARTICLE)
    refresh(merchant, days=1)
    assert not Gap.objects.exists()


def asked_after(merchant, gap, article, *, cites: bool) -> None:
    """Six more customers ask; the agent cites the article, or nothing."""
    for number in range(6):
        chat = ask(merchant, f"please reset my password {number}", at=NOW + timedelta(days=2))
        sources = [{"article_id": article.external_id, "score": 0.9}] if cites else []
        Message.objects.create(
            merchant=merchant,
            conversation=chat,
            event_id=f"00000000-0000-4000-8000-{number:012d}",
            occurred_at=chat.started_at,
            author=Author.AGENT,
            text="…",
            sources=sources,
        )
        read_new_questions(merchant, NOW + timedelta(days=3))
        Question.objects.filter(conversation=chat).update(gap=gap)


@pytest.fixture
def published(merchant, owner, time_machine_now):
    return publish(make_draft(merchant, by=owner), by=owner)


@pytest.fixture
def time_machine_now():
    import time_machine

    with time_machine.travel(NOW, tick=True):
        yield


@pytest.mark.parametrize(("cites", "why"), [(False, Recurrence.NOT_RETRIEVED), (True, Recurrence.RETRIEVED_WRONG)])
def test_a_gap_that_recurs_after_publication_says_whether_the_article_was_used(merchant, published, cites, why):
    from improvement.gap_reopening import reopen_asked_again
    from improvement.stream import load_stream

    gap = published.gap
    asked_after(merchant, gap, published.article, cites=cites)
    stream = load_stream(merchant, NOW + timedelta(days=3))
    reopen_asked_again(gap, [one for one in stream.asked if one.gap_id == gap.pk])
    gap.refresh_from_db()
    assert (gap.status, gap.recurrence) == (GapStatus.REOPENED, why)


def test_archiving_the_article_opens_the_gap_that_it_had_closed(merchant, published, owner):
    assert published.gap.status == GapStatus.ADDRESSED
    archive_article(Article.objects.get(), by=owner, at=NOW)
    gap = Gap.objects.get()
    assert (gap.status, gap.recurrence) == (GapStatus.REOPENED, Recurrence.ARCHIVED)
