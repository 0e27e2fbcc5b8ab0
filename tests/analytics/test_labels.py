"""What people found: two ratings, the truth from them, and what is left out."""

import pytest

from analytics.labels import Marked, read_marks
from analytics.models import SkipReason, Stratum
from analytics.rubric_changes import change_rubric
from tests.analytics.label_builder import LABELLED_AT, plant, plant_conversations

pytestmark = pytest.mark.django_db


def test_two_people_s_marks_come_in_their_order_and_the_truth_is_their_mean(merchant):
    (conversation,) = plant_conversations(merchant, 1)
    plant(conversation, {"helpfulness": 1.0, "accuracy": None}, {"helpfulness": 0.75, "accuracy": 0.5})
    (marked,) = read_marks(merchant, rubric_version="1")
    assert isinstance(marked, Marked)
    assert marked.conversation_id == conversation.pk
    assert marked.stratum == Stratum.RANDOM
    assert marked.ratings["helpfulness"] == (1.0, 0.75)
    assert marked.ratings["accuracy"] == (0.5,)
    assert "politeness" not in marked.ratings
    assert marked.truth["helpfulness"] == 0.875
    assert marked.labelled_at > LABELLED_AT


def test_an_adjudicated_mark_is_the_truth_and_both_marks_stay(merchant):
    (conversation,) = plant_conversations(merchant, 1)
    plant(conversation, 0.0, 1.0, adjudicated={"helpfulness": 0.75, "politeness": None})
    (marked,) = read_marks(merchant, rubric_version="1")
    assert marked.ratings["overall"] == (0.0, 1.0)
    assert marked.truth == {"helpfulness": 0.75, "overall": 0.75}


def test_skipped_withdrawn_and_labels_of_another_rubric_or_merchant_are_left_out(merchant, other_merchant):
    first, second, third, fourth = plant_conversations(merchant, 4)
    plant(first, skipped=SkipReason.NOISE)
    plant(second, 0.5, rubric_version="0")
    plant(third, 0.5).labels.update(withdrawn_at=LABELLED_AT)
    plant(fourth, 0.25, stratum=Stratum.TARGETED)
    plant(plant_conversations(other_merchant, 1)[0], 1.0)
    (marked,) = read_marks(merchant, rubric_version="1")
    assert (marked.conversation_id, marked.stratum, marked.truth["overall"]) == (fourth.pk, Stratum.TARGETED, 0.25)


def test_marks_are_read_in_two_queries(merchant, django_assert_num_queries):
    for conversation in plant_conversations(merchant, 5):
        plant(conversation, 0.5, 0.75)
    with django_assert_num_queries(2):
        assert len(read_marks(merchant, rubric_version="1")) == 5


def weigh_politeness_alone(merchant, owner, **own) -> str:
    weights = {"helpfulness": 0, "accuracy": 0, "politeness": 100, "completeness": 0}
    return change_rubric(
        merchant, weights=weights, own_criteria=own.get("own_criteria", []), note="Tone first", by=owner, at=LABELLED_AT
    ).version


def test_a_change_of_weights_costs_no_labels(merchant, owner):
    first, second, third = plant_conversations(merchant, 3)
    plant(first, {"helpfulness": 0.0, "politeness": 1.0})
    plant(second, {"helpfulness": 1.0, "politeness": None})  # nothing that counts now was marked
    plant(third, {"helpfulness": 0.0, "politeness": 0.25})
    version = weigh_politeness_alone(merchant, owner)
    plant(third, 0.75, rubric_version=version)
    marked = {mark.conversation_id: mark for mark in read_marks(merchant, rubric_version=version)}
    assert marked[first.pk].truth == {"helpfulness": 0.0, "politeness": 1.0, "overall": 1.0}
    assert marked[second.pk].truth == {"helpfulness": 1.0}
    assert marked[third.pk].ratings["politeness"] == marked[third.pk].ratings["overall"] == (0.75,)


def test_marks_of_a_rubric_that_asks_otherwise_are_left_out(merchant, owner):
    (conversation,) = plant_conversations(merchant, 1)
    plant(conversation, 0.5)
    tone = {"key": "tone", "label": "Tone", "description": "", "instruction": "4: in our tone. 0: not.", "weight": 10}
    assert read_marks(merchant, rubric_version=weigh_politeness_alone(merchant, owner, own_criteria=[tone])) == []
