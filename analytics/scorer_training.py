"""Teaches the local scorer what a merchant's own people find good.

Per dimension, curves are fitted to the labels and held against the prior on labels that they have not seen. They take
over only where their order is nearer to people's than the prior's beyond chance; a new version is a new series.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from math import ceil

import numpy as np
from django.db import transaction
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from analytics.additive_model import Matrix
from analytics.cross_fitting import CrossFitted, Groups, assign_folds, cross_fit
from analytics.features import COLUMN, Feature, compute_features
from analytics.house_texts import read_house
from analytics.labels import Marked, read_marks
from analytics.models import Conversation, Counting, Stratum, TrainedScorer
from analytics.prior_weights import PRIOR, PRIOR_MODELS
from analytics.resampling import Columns, draw, interval, spearman
from analytics.rubric import Dimension, current_rubric
from analytics.transcript import Transcript, read_transcripts
from portal import embeddings
from portal.models import AuditEntry, Merchant, User

MIN_LABELS = 60  # conversations with a mark in the dimension
MIN_RANDOM = 30  # of these drawn at random: the others are no picture of what the scorer meets
MIN_QUESTIONS = 20  # different ones: the same answer to the same question teaches once
GROWTH = 1.25  # labels for each further training; every version starts a series, so they must be worth it
N_FOLDS = 5
SAMPLES = 1_000
CHANCE = 0.05  # one-sided
N_STEPS = len(Dimension) + 1  # of the progress: reading, then each dimension


class Lack(StrEnum):
    """Of what there was too little: the first four for a training, the others (and labels) in one dimension of it."""

    NEW_LABELS = "new_labels"
    QUESTIONS = "questions"
    LABELS = "labels"
    RANDOM_LABELS = "random_labels"
    SOURCES = "sources"  # answers that name a known article: accuracy is of no other
    SPREAD = "spread"  # all the same mark: nothing to put in order


@dataclass(frozen=True, slots=True)
class Shortage:
    """Why there was no training."""

    lack: Lack
    found: int
    needed: int

    @property
    def missing(self) -> int:
        return self.needed - self.found


@dataclass(frozen=True, slots=True)
class Comparison:
    """Spearman with the truth on randomly drawn labels that neither had seen, with 95 % intervals; `gain_low` is the
    5 % quantile of the paired bootstrap of their difference."""

    n: int
    n_random: int
    prior: float
    prior_low: float | None
    prior_high: float | None
    trained: float
    trained_low: float | None
    trained_high: float | None
    gain_low: float

    @property
    def is_better(self) -> bool:
        return self.gain_low > 0


@dataclass(frozen=True, slots=True)
class Untaught:
    """A dimension whose labels were not enough to learn from."""

    n: int
    n_random: int
    lack: Lack
    is_better: bool = False


@dataclass(frozen=True, slots=True)
class Lesson:
    """Labelled conversations: row i of `features` belongs to `marks[i]`; rows with one question have one group."""

    marks: Sequence[Marked]
    features: Matrix
    groups: Groups


def train_if_due(
    merchant: Merchant, *, now: datetime, by: User | None = None, report: Callable[[int], None] = lambda _step: None
) -> TrainedScorer | Shortage:
    """The new training, or what is missing for one. Raises EmbeddingError. The same labels give the same curves.

    `report` hears of the steps that are behind, of N_STEPS.
    """
    rubric = current_rubric(merchant)
    marks = read_labelled(merchant, rubric_version=rubric.version)
    if shortage := find_shortage(marks, last_training(merchant)):
        return shortage
    lesson = _read_lesson(merchant, marks)
    n_questions = len(np.unique(lesson.groups))
    if n_questions < MIN_QUESTIONS:
        return Shortage(Lack.QUESTIONS, n_questions, MIN_QUESTIONS)
    report(1)
    with threadpool_limits(1, user_api="blas"):
        fold_of, taught, untaught = learn(lesson, report)
    with transaction.atomic():
        Counting.lock(merchant)
        # Another training may have ended meanwhile, on the same labels.
        if shortage := find_shortage(marks, last_training(merchant)):
            return shortage
        latest = TrainedScorer.objects.for_merchant(merchant).only("number").first()
        training = TrainedScorer.objects.create(
            merchant=merchant,
            number=1 if latest is None else latest.number + 1,
            prior=PRIOR,
            embedding_model=embeddings.model_name(),
            rubric_version=rubric.version,
            n_labels=len(marks),
            n_random=count_random(marks),
            curves={
                name: {"model": fitted.model.as_json(), "folds": [model.as_json() for model in fitted.folds]}
                for name, (fitted, comparison) in taught.items()
                if comparison.is_better
            },
            fold_of=dict(zip([str(mark.conversation_id) for mark in lesson.marks], fold_of.tolist(), strict=True)),
            comparisons={
                name: asdict(comparison) | {"is_better": comparison.is_better}
                for name, (_fitted, comparison) in taught.items()
            }
            | {name: asdict(each) for name, each in untaught.items()},
            trained_at=now,
        )
        detail = {"n_labels": training.n_labels, "took_over": training.took_over}
        AuditEntry.record(merchant, "scorer.trained", by=by, on=training, detail=detail)
    return training


def last_training(merchant: Merchant) -> TrainedScorer | None:
    """The latest for the features that are computed now, without its curves."""
    rows = TrainedScorer.objects.for_merchant(merchant).filter(prior=PRIOR, embedding_model=embeddings.model_name())
    return rows.defer("curves", "fold_of").first()


def find_shortage(marks: Sequence[Marked], last: TrainedScorer | None) -> Shortage | None:
    """Of labelled conversations; how many different questions they hold shows only when they are read. Without enough
    random ones no dimension could be decided, and the next training would wait for a quarter more in vain."""
    n_labels, n_random = len(marks), count_random(marks)
    if last is not None and n_labels < (needed := ceil(GROWTH * last.n_labels)):
        return Shortage(Lack.NEW_LABELS, n_labels, needed)
    if n_labels < MIN_LABELS:
        return Shortage(Lack.LABELS, n_labels, MIN_LABELS)
    return Shortage(Lack.RANDOM_LABELS, n_random, MIN_RANDOM) if n_random < MIN_RANDOM else None


def find_lack(n: int, n_random: int) -> Lack | None:
    """What is missing in one dimension with so many labels."""
    if n < MIN_LABELS:
        return Lack.LABELS
    return Lack.RANDOM_LABELS if n_random < MIN_RANDOM else None


def count_random(marks: Sequence[Marked]) -> int:
    return sum(mark.stratum == Stratum.RANDOM for mark in marks)


def learn(
    lesson: Lesson, report: Callable[[int], None]
) -> tuple[NDArray[np.intp], dict[str, tuple[CrossFitted, Comparison]], dict[str, Untaught]]:
    """The fold of each row; per dimension with enough labels the curves and how they compare with the prior; and what
    the other dimensions lack."""
    fold_of = assign_folds(lesson.groups, N_FOLDS)
    has_sources = ~np.isnan(lesson.features[:, COLUMN[Feature.SUPPORT]])
    is_random = np.array([mark.stratum == Stratum.RANDOM for mark in lesson.marks])
    taught, untaught = {}, {}
    for step, dimension in enumerate(Dimension, start=2):
        is_marked = np.array([dimension in mark.truth for mark in lesson.marks])
        rows = np.flatnonzero(is_marked & (has_sources | (dimension != Dimension.ACCURACY)))
        truth = np.array([lesson.marks[row].truth[dimension] for row in rows.tolist()])
        n, n_random = len(rows), int(is_random[rows].sum())
        lack = find_lack(n, n_random)
        if lack and not find_lack(int(is_marked.sum()), int((is_marked & is_random).sum())):
            lack = Lack.SOURCES
        elif lack is None and np.ptp(truth[is_random[rows]]) == 0:
            lack = Lack.SPREAD
        if lack:
            untaught[str(dimension)] = Untaught(n, n_random, lack)
        else:
            features, prior = lesson.features[rows], PRIOR_MODELS[dimension]
            fitted = cross_fit(features, truth, lesson.groups[rows], prior, fold_of=fold_of[rows])
            comparison = _compare(truth, prior.predict(features), fitted.held_out, is_random[rows])
            taught[str(dimension)] = fitted, comparison
        report(step)
    return fold_of, taught, untaught


def _compare(truth: Matrix, prior: Matrix, trained: Matrix, is_random: NDArray[np.bool_]) -> Comparison:
    n_random = int(is_random.sum())
    ours, theirs = (Columns.of(scores[is_random], truth[is_random]) for scores in (trained, prior))
    after, before = (
        np.concatenate([spearman(columns, weights) for weights in draw(n_random, SAMPLES)])
        for columns in (ours, theirs)
    )
    once = np.ones((1, n_random))
    low = float(np.quantile(np.nan_to_num(after - before), CHANCE))
    # One that scores all alike has put nothing in order.
    prior_value, value = (round(float(np.nan_to_num(spearman(columns, once)[0])), 4) for columns in (theirs, ours))
    return Comparison(
        len(truth), n_random, prior_value, *interval(before), value, *interval(after), gain_low=round(low, 4)
    )


def read_labelled(merchant: Merchant, *, rubric_version: str) -> list[Marked]:
    """A conversation that was labelled in both strata counts as drawn at random."""
    found: dict[int, Marked] = {}
    for mark in read_marks(merchant, rubric_version=rubric_version):
        if mark.conversation_id not in found or mark.stratum == Stratum.RANDOM:
            found[mark.conversation_id] = mark
    return list(found.values())


def _read_lesson(merchant: Merchant, marks: Sequence[Marked]) -> Lesson:
    by_pk = Conversation.objects.for_merchant(merchant).in_bulk([mark.conversation_id for mark in marks])
    transcripts = read_transcripts(merchant, list(by_pk.values()))
    known = {pk: transcript for pk, transcript in zip(by_pk, transcripts, strict=True) if transcript.exchanges()}
    taught = [mark for mark in marks if mark.conversation_id in known]
    texts = [known[mark.conversation_id] for mark in taught]
    return Lesson(taught, compute_features(texts, read_house(merchant)), np.array([_question(text) for text in texts]))


def _question(transcript: Transcript) -> str:
    return " ".join(transcript.exchanges()[0].question.casefold().split())
