"""What people found: two ratings, the truth from them, and what is left out."""

import pytest

from analytics.labels import Marked, read_marks
from analytics.models import SkipReason, Stratum
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


def test_marks_are_read_in_one_query(merchant, django_assert_num_queries):
    for conversation in plant_conversations(merchant, 5):
        plant(conversation, 0.5, 0.75)
    with django_assert_num_queries(1):
        assert len(read_marks(merchant, rubric_version="1")) == 5
