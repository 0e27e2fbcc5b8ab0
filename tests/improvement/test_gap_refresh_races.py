"""A person decides while a refresh runs, in a transaction of their own: the decision stands, and nobody waits."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from improvement.coverage import read_new_questions
from improvement.gaps import refresh_gaps
from improvement.models import Gap, GapMerge, Question, merge_gaps
from tests.improvement.gap_builder import QUESTIONS as PASSWORD
from tests.improvement.test_gap_memory import NOW, PROOF, insure, refresh
from tests.improvement.test_gaps import ask


@pytest.fixture
def insurer(transactional_db, merchant):
    return insure(merchant)


@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_merge_during_a_refresh_stands_and_takes_what_came_meanwhile(insurer, owner, step):
    password = Question.objects.get(text="I want to change my password").gap
    proof = Question.objects.get(text="send me my proof of insurance").gap
    ask(insurer, "please send me a proof of insurance today", at=NOW)  # joins the gap that is merged away
    read_new_questions(insurer, NOW)

    def merge() -> None:
        try:
            merge_gaps(Gap.objects.get(pk=proof.pk), Gap.objects.get(pk=password.pk), by=owner)
        finally:
            connections.close_all()

    def report(done: int, _total: int) -> None:
        if done == step:
            person.submit(merge).result(timeout=10)

    with ThreadPoolExecutor(1) as person:
        refresh_gaps(insurer, NOW, report=report)
    refresh(insurer, days=1)
    merged = GapMerge.objects.get()
    assert Gap.objects.get(pk=proof.pk).merged_into_id == password.pk
    assert Question.objects.filter(gap=proof).count() == 0
    texts = set(Question.objects.filter(gap=password).values_list("text", flat=True))
    assert texts == {*PASSWORD, *PROOF, "please send me a proof of insurance today"}
    merged.undo(by=owner)
    assert set(PROOF) <= set(Question.objects.filter(gap=proof).values_list("text", flat=True))
