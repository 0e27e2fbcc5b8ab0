"""The read side of human labels: what people found, per conversation."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean

from analytics.models import Label, Stratum
from analytics.rubric import Rubric, read_rubrics, weighted_mean
from portal.models import Merchant

OVERALL = "overall"


@dataclass(frozen=True, slots=True)
class Marked:
    """What people found in one conversation under one rubric. Marks are 0–1.

    `ratings` has one value for each person of the first round, in the order in which they labelled; who found a
    dimension not applicable is missing from it. `truth` is the adjudicated mark, else the mean of the ratings.
    """

    conversation_id: int
    stratum: Stratum
    ratings: Mapping[str, tuple[float, ...]]
    truth: Mapping[str, float]
    labelled_at: datetime


def read_marks(merchant: Merchant, *, rubric_version: str) -> list[Marked]:
    """One per conversation and stratum, in the order of the conversations; two queries.

    Marks given under another version that asks the same count too, weighed as this one weighs: a change of weights
    costs no labels. Who labelled under both is heard once. Imported labels stand beside ours where both are of one
    stratum.
    """
    rubrics = read_rubrics(merchant)
    rubric = rubrics.get(rubric_version)
    alike = {version for version, each in rubrics.items() if rubric and each.questions == rubric.questions}
    by_conversation: dict[tuple[int, str], dict[str, list[Label]]] = {}
    for label in _standing(merchant, {rubric_version, *alike}):
        versions = by_conversation.setdefault((label.conversation_id, label.task.stratum), {})
        versions.setdefault(label.rubric_version, []).append(label)
    marked = []
    for (conversation_id, stratum), versions in sorted(by_conversation.items()):
        labels = versions.get(rubric_version) or list(versions.values())[-1]
        ratings, truth = combine(
            (label.is_adjudication, marks_under(label, rubric_version, rubric)) for label in labels
        )
        if truth:
            marked.append(Marked(conversation_id, Stratum(stratum), ratings, truth, labels[-1].created_at))
    return marked


def _standing(merchant: Merchant, rubric_versions: set[str]) -> Sequence[Label]:
    """Labels with marks that were not taken back, on conversations that count, the oldest first."""
    labels = Label.objects.for_merchant(merchant).filter(
        rubric_version__in=rubric_versions, withdrawn_at=None, conversation__exclusion=""
    )
    return list(labels.exclude(overall=None).select_related("task").order_by("created_at", "id"))


def marks_under(label: Label, rubric_version: str, rubric: Rubric | None) -> dict[str, float | None]:
    """Its marks and their mean as this version weighs them; the mean is None where nothing that counts was marked."""
    overall = label.overall
    if rubric is not None and label.rubric_version != rubric_version:
        try:
            overall = weighted_mean(label.marks, rubric)
        except ValueError:
            overall = None
    return {**label.marks, OVERALL: overall}


def combine(
    labels: Iterable[tuple[bool, Mapping[str, float | None]]],
) -> tuple[dict[str, tuple[float, ...]], dict[str, float]]:
    """The ratings of the first round and the truth, per dimension and overall. A label is here whether it was
    adjudicated, and its marks. Pure."""
    ratings: dict[str, tuple[float, ...]] = {}
    decided: Mapping[str, float | None] | None = None
    for is_adjudication, marks in labels:
        if is_adjudication:
            decided = marks
            continue
        for name, mark in marks.items():
            if mark is not None:
                ratings[name] = (*ratings.get(name, ()), mark)
    if decided is None:
        return ratings, {name: fmean(found) for name, found in ratings.items()}
    return ratings, {name: mark for name, mark in decided.items() if mark is not None}
