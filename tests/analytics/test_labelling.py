"""Two people at one queue: who gets what, what is kept, and what can be taken back."""

from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection

from analytics.labelling import (
    LEASE,
    LabelError,
    is_labelling,
    lease_next,
    progress_of,
    save_marks,
    skip,
    undo_last,
)
from analytics.labels import read_marks
from analytics.models import LabelTask, SkipReason, Stratum
from tests.analytics.label_builder import plant_conversations

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MARKS = {"helpfulness": 1.0, "accuracy": 0.75, "politeness": None, "completeness": 0.5}
# By the house's weights: (0.35 · 1 + 0.30 · 0.75 + 0.25 · 0.5) / 0.90
OVERALL = 0.777778


def queue(merchant, n: int, *, n_reviewers: int = 1) -> list[LabelTask]:
    return [
        LabelTask.objects.create(
            merchant=merchant,
            conversation=conversation,
            stratum=Stratum.RANDOM,
            rubric_version="1",
            n_reviewers=n_reviewers,
            created_at=NOW,
        )
        for conversation in plant_conversations(merchant, n)
    ]


def test_a_mark_closes_the_task_and_counts_by_the_rubric_s_weights(merchant, reviewer):
    (task,) = queue(merchant, 1)
    label = save_marks(task, MARKS, by=reviewer, now=NOW, comment="Short")
    assert (label.overall, label.reviewer_name, label.comment) == (OVERALL, "Remi Reviewer", "Short")
    assert lease_next(merchant, reviewer, now=NOW) is None
    (marked,) = read_marks(merchant, rubric_version="1")
    assert marked.truth["overall"] == OVERALL
    assert "politeness" not in marked.truth


def test_two_people_never_hold_the_last_place_of_one_task(merchant, owner, reviewer):
    queue(merchant, 2)
    mine, theirs = lease_next(merchant, reviewer, now=NOW), lease_next(merchant, owner, now=NOW)
    assert None not in (mine, theirs)
    assert mine != theirs
    assert lease_next(merchant, reviewer, now=NOW + LEASE / 2) == mine  # the same page again
    third_person = lease_next(merchant, _third(merchant), now=NOW + LEASE / 2)
    assert third_person is None


def _third(merchant):
    from portal.models import User

    return User.objects.create_user("third@lumen.example", name="Third")


def test_a_lease_ends_and_the_first_of_two_to_save_is_kept(merchant, owner, reviewer):
    (task,) = queue(merchant, 1)
    assert lease_next(merchant, reviewer, now=NOW) == task
    later = NOW + LEASE + timedelta(seconds=1)
    assert lease_next(merchant, owner, now=later) == task
    save_marks(task, MARKS, by=owner, now=later)
    with pytest.raises(LabelError, match="Somebody else labelled this conversation meanwhile"):
        save_marks(task, MARKS, by=reviewer, now=later)
    assert task.labels.count() == 1


def test_two_wanted_are_two_different_people(merchant, owner, reviewer):
    (task,) = queue(merchant, 1, n_reviewers=2)
    assert lease_next(merchant, owner, now=NOW) == task
    assert lease_next(merchant, reviewer, now=NOW) == task
    save_marks(task, MARKS, by=reviewer, now=NOW)
    with pytest.raises(LabelError, match="You labelled this conversation before"):
        save_marks(task, MARKS, by=reviewer, now=NOW)
    assert lease_next(merchant, reviewer, now=NOW) is None
    save_marks(task, MARKS | {"accuracy": 0.25}, by=owner, now=NOW)
    task.refresh_from_db()
    assert (task.closed_at, task.is_disputed) == (NOW, True)


@pytest.mark.parametrize(("theirs", "is_disputed"), [(0.75, False), (0.5, True), (None, True)])
def test_half_the_scale_or_not_applying_is_a_disagreement_and_a_quarter_is_none(
    merchant, owner, reviewer, theirs, is_disputed
):
    (task,) = queue(merchant, 1, n_reviewers=2)
    save_marks(task, MARKS, by=reviewer, now=NOW)
    save_marks(task, MARKS | {"helpfulness": theirs}, by=owner, now=NOW)
    task.refresh_from_db()
    assert task.is_disputed is is_disputed


def test_skipping_for_oneself_leaves_it_to_others_and_for_all_ends_it(merchant, owner, reviewer):
    first, second = queue(merchant, 2)
    skip(first, SkipReason.ACQUAINTANCE, by=reviewer, now=NOW)
    skip(second, SkipReason.NO_REQUEST, by=reviewer, now=NOW)
    assert lease_next(merchant, reviewer, now=NOW) is None
    assert lease_next(merchant, owner, now=NOW) == first
    skip(first, SkipReason.LANGUAGE, by=owner, now=NOW)
    first.refresh_from_db()
    assert first.closed_at == NOW  # nobody is asked for ever
    assert read_marks(merchant, rubric_version="1") == []


def test_the_last_one_can_be_taken_back_and_comes_again(merchant, owner, reviewer):
    queue(merchant, 3)
    task = lease_next(merchant, reviewer, now=NOW)
    save_marks(task, MARKS, by=reviewer, now=NOW)
    lease_next(merchant, reviewer, now=NOW)
    withdrawn = undo_last(merchant, reviewer, now=NOW + timedelta(minutes=1))
    assert withdrawn.task_id == task.pk
    assert lease_next(merchant, reviewer, now=NOW + timedelta(minutes=1)) == task
    assert read_marks(merchant, rubric_version="1") == []
    save_marks(task, MARKS | {"helpfulness": 0.0}, by=reviewer, now=NOW + timedelta(minutes=2))
    assert task.labels.count() == 2  # the first stays, as one that was withdrawn
    assert read_marks(merchant, rubric_version="1")[0].truth["helpfulness"] == 0.0


def test_nothing_of_others_or_of_long_ago_is_taken_back(merchant, owner, reviewer):
    first, second = queue(merchant, 2)
    save_marks(first, MARKS, by=owner, now=NOW)
    save_marks(second, MARKS, by=reviewer, now=NOW - timedelta(hours=2))
    with pytest.raises(LabelError, match="nothing of the last hour"):
        undo_last(merchant, reviewer, now=NOW)


def test_progress_counts_today_and_what_waits(merchant, reviewer):
    first, second, *_rest = queue(merchant, 4)
    save_marks(first, MARKS, by=reviewer, now=NOW - timedelta(days=1))
    skip(second, SkipReason.NOISE, by=reviewer, now=NOW)
    progress = progress_of(merchant, reviewer, since=NOW - timedelta(hours=12))
    assert (progress.n_today, progress.n_waiting, progress.n_in_all) == (1, 2, 3)


def test_only_dimensions_that_do_not_apply_is_no_label(merchant, reviewer):
    (task,) = queue(merchant, 1)
    with pytest.raises(LabelError, match="at least one dimension"):
        save_marks(task, dict.fromkeys(MARKS), by=reviewer, now=NOW)


def test_whoever_has_it_on_the_screen_is_known(merchant, owner, reviewer):
    queue(merchant, 1)
    task = lease_next(merchant, reviewer, now=NOW)
    assert is_labelling(task.conversation_id, reviewer, now=NOW)
    assert not is_labelling(task.conversation_id, owner, now=NOW)
    save_marks(task, MARKS, by=reviewer, now=NOW)
    assert not is_labelling(task.conversation_id, reviewer, now=NOW)


@pytest.mark.django_db(transaction=True)
def test_of_two_people_who_save_at_the_same_moment_one_is_kept(merchant, owner, reviewer):
    (task,) = queue(merchant, 1)
    barrier, told = Barrier(2), []

    def save(person) -> None:
        try:
            barrier.wait(timeout=10)
            save_marks(task, MARKS, by=person, now=NOW)
            told.append("saved")
        except LabelError as error:
            told.append(str(error))
        finally:
            connection.close()

    threads = [Thread(target=save, args=(person,)) for person in (owner, reviewer)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert sorted(told) == ["Somebody else labelled this conversation meanwhile, so yours was not needed.", "saved"]
    assert task.labels.count() == 1
