"""Takes in labels that were made elsewhere. Who made them may have seen scores, so they stand in tasks of their own."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from analytics.label_settling import disputed
from analytics.labelling import Marks, build_label
from analytics.models import Conversation, Label, LabelTask, Stratum, TargetReason
from analytics.rubric import Rubric, current_rubric
from portal.models import ApiKey, AuditEntry, Merchant

Key = tuple[int, str]  # conversation and stratum


@dataclass(frozen=True, slots=True)
class Imported:
    """One label as it was sent; `stratum` is what its sender declares."""

    conversation_id: int
    reviewer: str
    marks: Marks
    stratum: Stratum
    labelled_at: datetime
    comment: str = ""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """`n_replaced` withdrew what the same person had said before; `n_unchanged` was sent before as it is."""

    n_added: int
    n_replaced: int
    n_unchanged: int


class ImportRefusedError(Exception):
    """Nothing was saved. `errors` names the field of each item that is wrong, by its position."""

    def __init__(self, errors: Mapping[int, Mapping[str, str]]) -> None:
        super().__init__(str(errors))
        self.errors = errors


@transaction.atomic
def import_labels(merchant: Merchant, labels: Sequence[Imported], *, via: ApiKey, now: datetime) -> ImportResult:
    """All of them or none. Safe to send again. Raises ImportRefusedError."""
    rubric = current_rubric(merchant)
    if errors := find_errors(merchant, labels, rubric, now=now):
        raise ImportRefusedError(errors)
    tasks = _get_tasks(merchant, labels, rubric, now=now)
    before = {
        (label.task_id, label.reviewer_name): label
        for label in Label.objects.filter(task__in=tasks.values(), withdrawn_at=None)
    }
    counts: Counter[str] = Counter()
    fresh, overtaken = [], []
    for sent in labels:
        task = tasks[sent.conversation_id, sent.stratum]
        label = build_label(task, sent.marks, rubric=rubric, name=sent.reviewer, now=sent.labelled_at)
        label.comment, label.api_key, label.is_import, label.updated_at = sent.comment, via, True, now
        was = before.get((task.pk, sent.reviewer))
        if was is not None and (was.marks, was.comment) == (label.marks, label.comment):
            counts["unchanged"] += 1
            continue
        counts["replaced" if was else "added"] += 1
        overtaken += [was.pk] if was else []
        fresh.append(label)
    Label.objects.filter(pk__in=overtaken).update(withdrawn_at=now, updated_at=now)
    Label.objects.bulk_create(fresh)
    _settle([task for task in tasks.values() if task.pk in {label.task_id for label in fresh}])
    if fresh:
        n_random = sum(label.task.stratum == Stratum.RANDOM for label in fresh)
        detail = {"n_labels": len(fresh), "n_random": n_random, "rubric_version": rubric.version}
        AuditEntry.record(merchant, "label.imported", by=None, via=via, on=merchant, detail=detail)
    return ImportResult(counts["added"], counts["replaced"], counts["unchanged"])


def find_errors(
    merchant: Merchant, labels: Sequence[Imported], rubric: Rubric, *, now: datetime
) -> dict[int, dict[str, str]]:
    """What is wrong, by position and field."""
    ids = {label.conversation_id for label in labels}
    known = set(Conversation.objects.for_merchant(merchant).filter(pk__in=ids).values_list("pk", flat=True))
    keys = {criterion.key for criterion in rubric.criteria}
    counting = {criterion.key for criterion in rubric.criteria if criterion.weight}
    errors: dict[int, dict[str, str]] = {}
    seen: set[tuple[int, str, str]] = set()
    for position, label in enumerate(labels):
        found: dict[str, str] = {}
        if label.conversation_id not in known:
            found["conversation_id"] = "There is no such conversation."
        if unknown := sorted(set(label.marks) - keys):
            found["marks"] = f"Rubric {rubric.version} does not know {', '.join(unknown)}; it has {', '.join(keys)}."
        elif all(label.marks.get(key) is None for key in counting):
            found["marks"] = "Mark at least one dimension that counts."
        if label.labelled_at > now:
            found["labelled_at"] = "This lies in the future."
        same = (label.conversation_id, label.stratum, label.reviewer)
        if same in seen:
            found["reviewer"] = "The same person labels this conversation twice in one request."
        seen.add(same)
        if found:
            errors[position] = found
    return errors


def _get_tasks(
    merchant: Merchant, labels: Sequence[Imported], rubric: Rubric, *, now: datetime
) -> dict[Key, LabelTask]:
    wanted = {(label.conversation_id, label.stratum) for label in labels}
    LabelTask.objects.bulk_create(
        (
            LabelTask(
                merchant=merchant,
                conversation_id=conversation_id,
                stratum=stratum,
                reason=TargetReason.DECLARED if stratum == Stratum.TARGETED else "",
                rubric_version=rubric.version,
                is_import=True,
                created_at=now,
                closed_at=now,
            )
            for conversation_id, stratum in sorted(wanted)
        ),
        ignore_conflicts=True,
    )
    tasks = LabelTask.objects.for_merchant(merchant).filter(
        is_import=True, rubric_version=rubric.version, conversation__in={one for one, _stratum in wanted}
    )
    # Locked, so that the same import sent twice at once is taken in once.
    found = {(task.conversation_id, task.stratum): task for task in tasks.select_for_update(of=("self",))}
    return {key: found[key] for key in wanted}


def _settle(tasks: Sequence[LabelTask]) -> None:
    marks: dict[int, list[Marks]] = {task.pk: [] for task in tasks}
    labels = Label.objects.filter(task__in=tasks, withdrawn_at=None, is_adjudication=False)
    for label in labels.order_by("created_at", "id"):
        marks[label.task_id].append(label.marks)
    for task in tasks:
        task.n_reviewers = min(2, len(marks[task.pk]))
        task.is_disputed = bool(disputed(task, marks[task.pk]))
    LabelTask.objects.bulk_update(tasks, ["n_reviewers", "is_disputed"])
