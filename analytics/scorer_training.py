"""Teaches the local scorer what a merchant's own people find good.

Per dimension, curves are fitted to the labels and held against the prior on labels that they have not seen. They take
over only where their order is nearer to people's than the prior's beyond chance; a new version is a new series.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

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
from analytics.resampling import Columns, draw, spearman
from analytics.rubric import Dimension, current_rubric
from analytics.transcript import Transcript, read_transcripts
from portal import embeddings
from portal.models import Merchant

MIN_LABELS = 60  # conversations with a mark in the dimension
MIN_RANDOM = 30  # of these drawn at random: the others are no picture of what the scorer meets
MIN_QUESTIONS = 20  # different ones: the same answer to the same question teaches once
GROWTH = 1.25  # labels for each further training; every version starts a series, so they must be worth it
N_FOLDS = 5
SAMPLES = 1_000
CHANCE = 0.05  # one-sided


@dataclass(frozen=True, slots=True)
class Comparison:
    """Spearman with the truth on randomly drawn labels that neither had seen; `gain_low` is the 5 % quantile of the
    paired bootstrap of their difference."""

    n: int
    n_random: int
    prior: float
    trained: float
    gain_low: float

    @property
    def is_better(self) -> bool:
        return self.gain_low > 0


@dataclass(frozen=True, slots=True)
class Lesson:
    """Labelled conversations: row i of `features` belongs to `marks[i]`; rows with one question have one group."""

    marks: Sequence[Marked]
    features: Matrix
    groups: Groups


def train_if_due(merchant: Merchant, *, now: datetime) -> TrainedScorer | None:
    """The new training, or None where the labels are too few or hardly more than at the last one. Raises
    EmbeddingError. The same labels give the same curves."""
    rubric = current_rubric(merchant)
    marks = _one_each(read_marks(merchant, rubric_version=rubric.version))
    rows = TrainedScorer.objects.for_merchant(merchant)
    last = rows.filter(prior=PRIOR, embedding_model=embeddings.model_name()).first()
    if len(marks) < (MIN_LABELS if last is None else GROWTH * last.n_labels):
        return None
    lesson = _read_lesson(merchant, marks)
    if len(np.unique(lesson.groups)) < MIN_QUESTIONS:
        return None
    with threadpool_limits(1, user_api="blas"):
        fold_of, found = learn(lesson)
    with transaction.atomic():
        Counting.lock(merchant)
        latest = rows.first()
        return TrainedScorer.objects.create(
            merchant=merchant,
            number=1 if latest is None else latest.number + 1,
            prior=PRIOR,
            embedding_model=embeddings.model_name(),
            rubric_version=rubric.version,
            n_labels=len(marks),
            curves={
                name: {"model": fitted.model.as_json(), "folds": [model.as_json() for model in fitted.folds]}
                for name, (fitted, comparison) in found.items()
                if comparison.is_better
            },
            fold_of=dict(zip([str(mark.conversation_id) for mark in lesson.marks], fold_of.tolist(), strict=True)),
            comparisons={
                name: asdict(comparison) | {"is_better": comparison.is_better}
                for name, (_fitted, comparison) in found.items()
            },
            trained_at=now,
        )


def learn(lesson: Lesson) -> tuple[NDArray[np.intp], dict[str, tuple[CrossFitted, Comparison]]]:
    """The fold of each row, and per dimension with enough labels the curves and how they compare with the prior."""
    fold_of = assign_folds(lesson.groups, N_FOLDS)
    has_sources = ~np.isnan(lesson.features[:, COLUMN[Feature.SUPPORT]])
    is_random = np.array([mark.stratum == Stratum.RANDOM for mark in lesson.marks])
    found = {}
    for dimension in Dimension:
        is_marked = np.array([dimension in mark.truth for mark in lesson.marks])
        rows = np.flatnonzero(is_marked & (has_sources | (dimension != Dimension.ACCURACY)))
        truth = np.array([lesson.marks[row].truth[dimension] for row in rows.tolist()])
        if len(rows) < MIN_LABELS or is_random[rows].sum() < MIN_RANDOM or np.ptp(truth[is_random[rows]]) == 0:
            continue
        features, prior = lesson.features[rows], PRIOR_MODELS[dimension]
        fitted = cross_fit(features, truth, lesson.groups[rows], prior, fold_of=fold_of[rows])
        found[str(dimension)] = fitted, _compare(truth, prior.predict(features), fitted.held_out, is_random[rows])
    return fold_of, found


def _compare(truth: Matrix, prior: Matrix, trained: Matrix, is_random: NDArray[np.bool_]) -> Comparison:
    ours, theirs = (Columns.of(scores[is_random], truth[is_random]) for scores in (trained, prior))
    gains = np.concatenate(
        [spearman(ours, weights) - spearman(theirs, weights) for weights in draw(int(is_random.sum()), SAMPLES)]
    )
    once = np.ones((1, int(is_random.sum())))
    low = float(np.quantile(np.nan_to_num(gains), CHANCE))
    before, after = (round(float(np.nan_to_num(spearman(columns, once)[0])), 4) for columns in (theirs, ours))
    return Comparison(len(truth), int(is_random.sum()), before, after, round(low, 4))


def _one_each(marks: Sequence[Marked]) -> list[Marked]:
    """A conversation that was labelled in both strata counts as drawn at random."""
    found: dict[int, Marked] = {}
    for mark in marks:
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
