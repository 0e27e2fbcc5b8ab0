"""How much people's marks help: accuracy on the questions that nobody marked, by how many were marked. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics

from improvement.coverage_model import Survey, decide

NUMBERS = (25, 50, 100, 200)
SEEDS = 5
# People are shown what the model is least sure of, out of this share of the questions, so that draws differ.
OFFERED = 0.7


class Choice(StrEnum):
    RANDOM = "random"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Point:
    """Means over the seeds. `before`: the same questions without a single mark."""

    choice: Choice
    n_marks: int
    accuracy: float
    accuracy_before: float
    auroc: float
    auroc_before: float


def draw_curve(seen: Survey, truth: NDArray[np.bool_], numbers: Sequence[int] = NUMBERS) -> list[Point]:
    """`truth`: whether each question is covered. Copies of a marked question are not tested on either."""
    before = decide(seen).probability
    points: list[Point] = []
    for choice in Choice:
        for n_marks in numbers:
            tried = [measure(seen, truth, before, choice, n_marks, seed) for seed in range(SEEDS)]
            runs = [run for run in tried if run is not None]
            if runs:
                accuracy, accuracy_before, auroc, auroc_before = np.mean(runs, axis=0).tolist()
                points.append(Point(choice, n_marks, accuracy, accuracy_before, auroc, auroc_before))
    return points


def measure(
    seen: Survey, truth: NDArray[np.bool_], before: NDArray[np.float64], choice: Choice, n_marks: int, seed: int
) -> tuple[float, float, float, float] | None:
    """None where there are too few questions to mark, or a single class is left to test on."""
    chooser = np.random.default_rng(seed)
    shuffled = chooser.permutation(len(truth))
    _rows, first = np.unique(seen.copies[shuffled], return_index=True)
    offered = shuffled[np.sort(first)]
    if choice == Choice.UNSURE:
        offered = offered[chooser.random(len(offered)) < OFFERED]
        offered = offered[np.argsort(np.abs(before[offered] - 0.5), kind="stable")]
    marked = offered[:n_marks]
    rest = ~np.isin(seen.copies, seen.copies[marked])
    if len(marked) < n_marks or len(set(truth[rest].tolist())) < 2:
        return None
    after = decide(seen, marks={int(row): bool(truth[row]) for row in marked}).probability
    return (
        float(((after >= 0.5) == truth)[rest].mean()),
        float(((before >= 0.5) == truth)[rest].mean()),
        float(metrics.roc_auc_score(truth[rest], after[rest])),
        float(metrics.roc_auc_score(truth[rest], before[rest])),
    )
