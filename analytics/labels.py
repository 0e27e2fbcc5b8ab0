"""The read side of human labels: what people found, per conversation."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean

from analytics.models import Label, Stratum
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


def standing(merchant: Merchant, *, rubric_version: str) -> Sequence[Label]:
    """Labels with marks that were not taken back, on conversations that count, the oldest first."""
    labels = Label.objects.for_merchant(merchant).filter(
        rubric_version=rubric_version, withdrawn_at=None, conversation__exclusion=""
    )
    return list(labels.exclude(overall=None).select_related("task").order_by("created_at", "id"))


def read_marks(merchant: Merchant, *, rubric_version: str) -> list[Marked]:
    """One per conversation and stratum, in the order of the conversations; one query.

    Imported labels stand beside ours where both are of one stratum.
    """
    by_conversation: dict[tuple[int, str], list[Label]] = {}
    for label in standing(merchant, rubric_version=rubric_version):
        by_conversation.setdefault((label.conversation_id, label.task.stratum), []).append(label)
    return [
        Marked(conversation_id, Stratum(stratum), *combine(labels), labelled_at=labels[-1].created_at)
        for (conversation_id, stratum), labels in sorted(by_conversation.items())
    ]


def combine(labels: Iterable[Label]) -> tuple[dict[str, tuple[float, ...]], dict[str, float]]:
    """The ratings of the first round and the truth, per dimension and overall. Pure."""
    ratings: dict[str, tuple[float, ...]] = {}
    decided: Mapping[str, float | None] | None = None
    for label in labels:
        marks = {**label.marks, OVERALL: label.overall}
        if label.is_adjudication:
            decided = marks
            continue
        for name, mark in marks.items():
            if mark is not None:
                ratings[name] = (*ratings.get(name, ()), mark)
    if decided is None:
        return ratings, {name: fmean(marks) for name, marks in ratings.items()}
    return ratings, {name: mark for name, mark in decided.items() if mark is not None}
