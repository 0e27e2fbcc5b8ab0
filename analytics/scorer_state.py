"""What the local scorer of a merchant has learned, and what it lacks: the same for the page and for REST."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analytics.labels import Marked
from analytics.models import TrainedScorer
from analytics.rubric import Dimension, current_rubric
from analytics.scorer_training import (
    Lack,
    Shortage,
    count_random,
    find_lack,
    find_shortage,
    last_training,
    read_labelled,
)
from analytics.trained_scorers import current_version
from portal.models import Merchant

N_HISTORY = 20


@dataclass(frozen=True, slots=True)
class Learned:
    """One dimension. `comparison` is scorer_training.Comparison as JSON, where the last training had enough labels;
    else `lack` says of what there is too little, and neither where the labels came after it.

    `n` labels, `n_random` of them drawn at random: those compared, or those that there are now.
    """

    dimension: Dimension
    n: int
    n_random: int
    comparison: Mapping[str, Any] | None = None
    lack: Lack | None = None

    @property
    def took_over(self) -> bool:
        return self.comparison is not None and self.comparison["is_better"]


@dataclass(frozen=True, slots=True)
class ScorerState:
    """`training` is the last one for today's features, whether it taught something or not; the counts are of
    conversations with a label now."""

    version: str
    training: TrainedScorer | None
    n_labels: int
    n_random: int
    dimensions: Sequence[Learned]
    shortage: Shortage | None
    history: Sequence[TrainedScorer]  # the latest first

    @property
    def is_trained(self) -> bool:
        return any(each.took_over for each in self.dimensions)


def read_scorer(merchant: Merchant) -> ScorerState:
    marks, last = _read_labels(merchant), last_training(merchant)
    rows = TrainedScorer.objects.for_merchant(merchant).defer("curves", "fold_of")
    return ScorerState(
        version=current_version(merchant),
        training=last,
        n_labels=len(marks),
        n_random=count_random(marks),
        dimensions=[_learned(dimension, marks, last) for dimension in Dimension],
        shortage=find_shortage(marks, last),
        history=list(rows[:N_HISTORY]),
    )


def current_shortage(merchant: Merchant) -> Shortage | None:
    return find_shortage(_read_labels(merchant), last_training(merchant))


def _read_labels(merchant: Merchant) -> list[Marked]:
    return read_labelled(merchant, rubric_version=current_rubric(merchant).version)


def _learned(dimension: Dimension, marks: Sequence[Marked], last: TrainedScorer | None) -> Learned:
    found = last.comparisons.get(dimension) if last else None
    if found and "trained" in found:
        return Learned(dimension, found["n"], found["n_random"], comparison=found)
    if found and found["lack"] in (Lack.SOURCES, Lack.SPREAD):
        return Learned(dimension, found["n"], found["n_random"], lack=Lack(found["lack"]))
    marked = [mark for mark in marks if dimension in mark.truth]
    n, n_random = len(marked), count_random(marked)
    return Learned(dimension, n, n_random, lack=find_lack(n, n_random))
