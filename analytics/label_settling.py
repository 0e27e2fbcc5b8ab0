"""What a task's labels make of it: whether somebody is still asked, and whether two people disagree."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import combinations

from analytics.models import Label, LabelTask, SkipReason

# Two steps of five: more than what the words of a rubric leave open.
DISAGREEMENT = 0.5
MAX_SKIPS = 2


def settle(task: LabelTask, *, now: datetime) -> None:
    """After each label that came or went, with the task's row locked. Imported ones ask nobody and stay closed."""
    labels = list(task.labels.filter(withdrawn_at=None, is_adjudication=False).order_by("created_at", "id"))
    was_closed = task.closed_at is not None
    if not task.is_import:
        task.closed_at = (task.closed_at or now) if is_done(labels, task.n_reviewers) else None
    task.is_disputed = bool(disputed(task, [label.marks for label in labels if not label.skip_reason]))
    task.save(update_fields=["closed_at", "is_disputed"])
    if task.closed_at and not was_closed:
        # The first of two labels comes out with the second only, so that no list gives it away before.
        task.labels.update(updated_at=now)


def is_done(labels: Sequence[Label], n_reviewers: int) -> bool:
    """Marked by as many as wanted; or skipped by one for a reason that holds for all; or by two for any."""
    reasons = [SkipReason(label.skip_reason) for label in labels if label.skip_reason]
    return (
        len(labels) - len(reasons) >= n_reviewers
        or any(reason.holds_for_all for reason in reasons)
        or len(reasons) >= MAX_SKIPS
    )


def disputed(task: LabelTask, marks: Sequence[Mapping[str, float | None]]) -> list[str]:
    """The dimensions in which two people differ by half the scale or more, or one says that it does not apply.

    Where labels were made elsewhere, a dimension without a mark may be one that nobody asked about: no difference.
    """
    found: dict[str, None] = {}
    for one, other in combinations(marks, 2):
        for name in one:
            mine, theirs = one[name], other.get(name)
            if mine is None or theirs is None:
                differs = mine is not theirs and not task.is_import
            else:
                differs = abs(mine - theirs) >= DISAGREEMENT
            if differs:
                found[name] = None
    return list(found)
