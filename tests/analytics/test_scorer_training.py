"""Labels planted on conversations teach the local scorer, or do not."""

import numpy as np
import pytest
import time_machine
from django.utils import timezone

from analytics.models import Conversation, QualityScore, Stratum, TrainedScorer
from analytics.prior_weights import PRIOR
from analytics.scorer_training import Lack, Shortage, train_if_due
from analytics.tasks import score_ended_conversations_of, train_scorer_of
from analytics.trained_scorers import current_version, load_scorer
from portal import embeddings
from tests.analytics.label_builder import plant
from tests.analytics.quality_cases import NOW
from tests.events import Chat, send

pytestmark = pytest.mark.django_db
VERBS = ("change", "find", "delete", "share", "print", "renew", "copy", "move", "sell", "lend")
THINGS = ("card", "invoice", "address", "password", "parcel", "refund", "language", "letter", "lamp")


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def tell(merchant, n: int, *, start: int = 0) -> list[Conversation]:
    """Different questions; every other answer is long and fits, the rest are short and fit less."""
    chats = []
    for number in range(start, start + n):
        verb, thing = VERBS[number % 10], THINGS[number // 10 % 9]
        answer = f"To {verb} the {thing}, open Settings, choose {thing} and press {verb}. The {thing} is then ready."
        short = f"Look under {THINGS[(number + 3) % 9]}."
        chat = (
            Chat(f"c-{number}", at="2026-11-10T09:00:00+00:00").start().ask(f"How do I {verb} my {thing} ({number})?")
        )
        chats.append(chat.answer(short if number % 2 else answer).resolve())
    send(merchant, *chats)
    found = {one.thread: one for one in Conversation.objects.for_merchant(merchant)}
    return [found[f"c-{number}"] for number in range(start, start + n)]


def label(conversations, *, likes_long: bool, stratum=Stratum.RANDOM, seed: int = 0) -> None:
    rng = np.random.default_rng(seed)
    for number, conversation in enumerate(conversations):
        is_liked = (number % 2 == 0) == likes_long
        plant(conversation, float(np.clip((0.8 if is_liked else 0.2) + rng.normal(0, 0.1), 0, 1)), stratum=stratum)


def test_people_who_want_the_opposite_of_the_prior_teach_a_version_of_their_own(merchant, other_merchant):
    label(tell(merchant, 80), likes_long=False)
    training = train_if_due(merchant, now=timezone.now())
    found = training.comparisons["helpfulness"]
    assert (training.number, training.n_labels, found["n"], found["n_random"]) == (1, 80, 80, 80)
    assert found["prior"] < -0.5 < 0.5 < found["trained"]
    assert found["is_better"]
    assert (
        current_version(merchant)
        == load_scorer(merchant).version
        == f"trained-{merchant.pk}.1 {PRIOR} {embeddings.model_name()}"
    )
    assert current_version(other_merchant) == f"{PRIOR} {embeddings.model_name()}"


def test_people_who_agree_with_the_prior_leave_it_in_place(merchant):
    label(tell(merchant, 80), likes_long=True)
    training = train_if_due(merchant, now=timezone.now())
    assert training.comparisons["helpfulness"]["prior"] > 0.6
    assert not training.comparisons["helpfulness"]["is_better"]
    assert training.curves == {}
    assert current_version(merchant).startswith(PRIOR)


def test_marks_at_random_teach_nothing(merchant):
    rng = np.random.default_rng(5)
    for conversation in tell(merchant, 80):
        plant(conversation, round(float(rng.random()), 2))
    training = train_if_due(merchant, now=timezone.now())
    assert not any(found["is_better"] for found in training.comparisons.values())


def test_too_few_labels_and_hardly_more_of_them_train_nothing(merchant):
    conversations = tell(merchant, 90)
    label(conversations[:58], likes_long=False)
    assert train_if_due(merchant, now=timezone.now()) == Shortage(Lack.LABELS, 58, 60)
    label(conversations[58:64], likes_long=False)
    assert train_if_due(merchant, now=timezone.now()).number == 1
    train_scorer_of(merchant.pk)
    label(conversations[64:78], likes_long=False)
    train_scorer_of(merchant.pk)
    assert TrainedScorer.objects.count() == 1
    label(conversations[78:], likes_long=False)
    train_scorer_of(merchant.pk)
    assert list(TrainedScorer.objects.values_list("number", "n_labels")) == [(2, 90), (1, 64)]
    assert current_version(merchant).startswith(f"trained-{merchant.pk}.2 ")


def test_labels_picked_for_a_reason_decide_nothing(merchant):
    conversations = tell(merchant, 90)
    label(conversations[:20], likes_long=False)
    label(conversations[20:], likes_long=False, stratum=Stratum.TARGETED)
    assert train_if_due(merchant, now=timezone.now()) == Shortage(Lack.RANDOM_LABELS, 20, 30)
    assert current_version(merchant).startswith(PRIOR)


def test_of_two_trainings_on_the_same_labels_at_the_same_time_the_second_is_none(merchant):
    label(tell(merchant, 64), likes_long=False)
    inner = []

    def train_beside(step: int) -> None:
        if step == 1:
            inner.append(train_if_due(merchant, now=timezone.now()))

    assert train_if_due(merchant, now=timezone.now(), report=train_beside) == Shortage(Lack.NEW_LABELS, 64, 80)
    assert [training.number for training in inner] == [1]
    assert TrainedScorer.objects.count() == 1


def test_the_same_labels_give_the_same_curves(merchant):
    label(tell(merchant, 70), likes_long=False)
    first = train_if_due(merchant, now=timezone.now())
    columns = (first.curves, first.fold_of, first.comparisons)
    first.delete()
    again = train_if_due(merchant, now=timezone.now())
    assert (again.curves, again.fold_of, again.comparisons) == columns


def test_a_labelled_conversation_is_scored_by_curves_that_have_not_seen_its_label(merchant):
    """The label of one conversation is turned round: its own score must not follow, though the others' may."""
    conversations = tell(merchant, 70)
    label(conversations, likes_long=False)
    one = conversations[0]
    scores = []
    for mark in (0.9, 0.1):
        QualityScore.objects.all().delete()
        TrainedScorer.objects.all().delete()
        one.label_tasks.all().delete()
        plant(one, mark)
        train_scorer_of(merchant.pk)
        assert str(one.pk) in TrainedScorer.objects.get().fold_of
        score_ended_conversations_of(merchant.pk)
        scores.append(dict(QualityScore.objects.values_list("conversation__thread", "helpfulness")))
    first, second = scores
    assert len(first) == 70
    assert first["c-0"] == second["c-0"]
    assert sum(first[thread] != second[thread] for thread in first) > 30


def test_a_new_version_is_a_new_series_and_the_old_scores_stay(merchant):
    conversations = tell(merchant, 70)
    score_ended_conversations_of(merchant.pk)
    label(conversations, likes_long=False)
    train_scorer_of(merchant.pk)
    score_ended_conversations_of(merchant.pk)
    score_ended_conversations_of(merchant.pk)
    versions = list(QualityScore.objects.values_list("scorer_version", flat=True))
    model = embeddings.model_name()
    assert len(versions) == 140
    assert {version: versions.count(version) for version in versions} == {
        f"{PRIOR} {model}": 70,
        f"trained-{merchant.pk}.1 {PRIOR} {model}": 70,
    }
    trained = QualityScore.objects.filter(scorer_version__startswith="trained").order_by("conversation_id")
    means = [np.mean([s.helpfulness for s in trained if int(s.conversation.thread[2:]) % 2 == odd]) for odd in (0, 1)]
    assert means[1] > means[0] + 0.3


def test_curves_for_other_features_are_not_read(merchant, monkeypatch):
    label(tell(merchant, 70), likes_long=False)
    train_scorer_of(merchant.pk)
    TrainedScorer.objects.update(embedding_model="openai:another")
    assert current_version(merchant).startswith(PRIOR)
    TrainedScorer.objects.update(embedding_model=embeddings.model_name(), prior="prior-1")
    assert current_version(merchant).startswith(PRIOR)


def test_one_question_asked_by_all_teaches_nothing(merchant):
    chats = [
        Chat(f"c-{n}", at="2026-11-10T09:00:00+00:00").start().ask("Where is it?").answer(f"Number {n}.").resolve()
        for n in range(65)
    ]
    send(merchant, *chats)
    label(list(Conversation.objects.for_merchant(merchant)), likes_long=False)
    assert train_if_due(merchant, now=timezone.now()) == Shortage(Lack.QUESTIONS, 1, 20)
