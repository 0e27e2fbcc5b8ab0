"""Labels of the demo: by the real verbs, from how conversations were meant to go, and unknowing of any score."""

from datetime import date
from statistics import fmean

import pytest

from analytics.labels import read_marks
from analytics.models import Conversation, Label, LabelTask, QualityScore, Stratum
from reporting.demo.labels import find_marks
from reporting.demo.load import STEPS, begin
from reporting.demo.scenes import Story
from reporting.demo.stream import build_stories
from tests.reporting.test_demo_load import _frozen, run  # noqa: F401

ANCHOR = date(2026, 11, 23)


def step(name):
    return next(one for one in STEPS if one.name == name)


def test_people_find_an_answer_better_than_a_guess_and_differ_between_themselves():
    plans = build_stories(ANCHOR, total=1500).values()

    def mean(story: Story, dimension: str) -> float:
        found = [find_marks(plan, 0)[dimension] for plan in plans if plan.story == story]
        return fmean(mark for mark in found if mark is not None)

    assert mean(Story.ANSWERED, "accuracy") > mean(Story.GUESSED, "accuracy") + 0.5
    assert mean(Story.ANSWERED, "helpfulness") > mean(Story.ESCALATED, "helpfulness") > 0.2
    answered = [plan for plan in plans if plan.story == Story.ANSWERED]
    same = [find_marks(plan, 0)["helpfulness"] == find_marks(plan, 1)["helpfulness"] for plan in answered]
    assert 0.3 < fmean(same) < 0.9


@pytest.mark.django_db
def test_two_people_label_without_any_score_and_again_nothing_is_added():
    load = begin(total=120)
    run(load, step("conversations until the new article"), step("conversations since then"), step("labels by people"))
    assert QualityScore.objects.count() == 0
    shop = load.merchant
    marked = read_marks(shop, rubric_version="1")
    assert len(marked) >= 15
    assert {label.reviewer.name for label in Label.objects.filter(is_adjudication=False)} == {
        "Jonas Weidner",
        "Aylin Demir",
    }
    assert any(len(one.ratings["overall"]) == 2 for one in marked if one.stratum == Stratum.RANDOM)
    counts = Label.objects.count(), LabelTask.objects.count()
    run(load, step("labels by people"))
    assert (Label.objects.count(), LabelTask.objects.count()) == counts
    assert not Conversation.objects.filter(label_tasks__closed_at=None, exclusion="test").exists()
