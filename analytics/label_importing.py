"""Takes in labels that were made elsewhere. Who made them may have seen scores, so they stand in tasks of their own."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from analytics.label_settling import disputed
from analytics.labelling import Marks, build_label
from analytics.models import Conversation, Label, LabelTask, Stratum, TargetReason
from analytics.rubric import Rubric, current_rubric, read_rubrics
from portal.models import ApiKey, AuditEntry, Merchant, User

Key = tuple[int, str, str]  # conversation, stratum and version of the rubric
Said = tuple[int, str, str, str | None]  # and who said it; None where it is the decision between two


@dataclass(frozen=True, slots=True)
class Imported:
    """One label as it was sent; `stratum` is what its sender declares. Without a version it is the current one."""

    conversation_id: int
    reviewer: str
    marks: Marks
    stratum: Stratum
    labelled_at: datetime
    comment: str = ""
    rubric_version: str = ""
    is_adjudication: bool = False


@dataclass(frozen=True, slots=True)
class ImportResult:
    """`n_replaced` withdrew what the same person had said before; `n_unchanged` stands here as it is."""

    n_added: int
    n_replaced: int
    n_unchanged: int


class ImportRefusedError(Exception):
    """Nothing was saved. `errors` names the field of each item that is wrong, by its position."""

    def __init__(self, errors: Mapping[int, Mapping[str, str]]) -> None:
        super().__init__(str(errors))
        self.errors = errors


@transaction.atomic
def import_labels(
    merchant: Merchant,
    labels: Sequence[Imported],
    *,
    now: datetime,
    by: User | None = None,
    via: ApiKey | None = None,
    file_name: str = "",
) -> ImportResult:
    """All of them or none. Safe to send again. Raises ImportRefusedError."""
    current, rubrics = current_rubric(merchant), read_rubrics(merchant)
    labels = [replace(label, rubric_version=label.rubric_version or current.version) for label in labels]
    if errors := find_errors(merchant, labels, rubrics, now=now):
        raise ImportRefusedError(errors)
    own = _read_own(merchant, labels)
    if errors := _find_own_errors(labels, own, rubrics):
        raise ImportRefusedError(errors)
    foreign = [label for label in labels if _said(label) not in own]
    tasks = _get_tasks(merchant, foreign, now=now)
    imports = Label.objects.filter(task__in=tasks.values(), is_import=True, withdrawn_at=None)
    before = {_said_of(label): label for label in imports.select_related("task")}
    counts: Counter[str] = Counter(unchanged=len(labels) - len(foreign))
    fresh, overtaken = [], []
    for sent in foreign:
        label = _build(tasks[_key(sent)], sent, rubrics)
        label.is_adjudication, label.is_import, label.api_key, label.updated_at = sent.is_adjudication, True, via, now
        was = before.get(_said(sent))
        if was is not None and _says_the_same(was, label):
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
        versions = ", ".join(sorted({label.rubric_version for label in fresh}))
        detail = {"n_labels": len(fresh), "n_random": n_random, "rubric_version": versions}
        detail |= {"file": file_name} if file_name else {}
        AuditEntry.record(merchant, "label.imported", by=by, via=via, on=merchant, detail=detail)
    return ImportResult(counts["added"], counts["replaced"], counts["unchanged"])


def find_errors(
    merchant: Merchant, labels: Sequence[Imported], rubrics: Mapping[str, Rubric], *, now: datetime
) -> dict[int, dict[str, str]]:
    """What is wrong, by position and field."""
    ids = {label.conversation_id for label in labels}
    known = set(Conversation.objects.for_merchant(merchant).filter(pk__in=ids).values_list("pk", flat=True))
    errors: dict[int, dict[str, str]] = {}
    seen: set[Said] = set()
    for position, label in enumerate(labels):
        found = _find_mark_errors(label, rubrics)
        if label.conversation_id not in known:
            found["conversation_id"] = _("There is no such conversation.")
        if label.labelled_at > now:
            found["labelled_at"] = _("This lies in the future.")
        said = _said(label)
        if said in seen and label.is_adjudication:
            found["reviewer"] = _("The disagreement about this conversation is decided twice. Send one decision.")
        elif said in seen:
            found["reviewer"] = _("The same person labels this conversation twice. Send one label.")
        seen.add(said)
        if found:
            errors[position] = found
    return errors


def _find_mark_errors(label: Imported, rubrics: Mapping[str, Rubric]) -> dict[str, str]:
    rubric = rubrics.get(label.rubric_version)
    if rubric is None:
        versions = ", ".join(rubrics)
        return {"rubric_version": _("There is no such version; there are %(versions)s.") % {"versions": versions}}
    keys = [criterion.key for criterion in rubric.criteria]
    if unknown := sorted(key for key in label.marks if key not in keys):
        told = {"version": rubric.version, "unknown": ", ".join(unknown), "known": ", ".join(keys)}
        return {"marks": _("Rubric %(version)s does not know %(unknown)s; it has %(known)s.") % told}
    if all(label.marks.get(one.key) is None for one in rubric.criteria if one.weight):
        return {"marks": _("Mark at least one dimension that counts.")}
    return {}


def _read_own(merchant: Merchant, labels: Sequence[Imported]) -> dict[Said, Label]:
    """What people said here, on our pages, about these conversations."""
    said = Label.objects.for_merchant(merchant).filter(
        conversation__in={label.conversation_id for label in labels}, is_import=False, withdrawn_at=None
    )
    wanted = {_said(label) for label in labels}
    return {_said_of(label): label for label in said.select_related("task") if _said_of(label) in wanted}


def _find_own_errors(
    labels: Sequence[Imported], own: Mapping[Said, Label], rubrics: Mapping[str, Rubric]
) -> dict[int, dict[str, str]]:
    """Beside the label that a person gave here a second one of theirs would count twice, and what was given blind is
    not overwritten. While a conversation waits for another label nothing is compared: that would tell the marks."""
    errors = {}
    for position, sent in enumerate(labels):
        was = own.get(_said(sent))
        if was is not None and (was.task.closed_at is None or not _says_the_same(was, _build(was.task, sent, rubrics))):
            told = _("This was labelled here, on the page, and is not changed from outside. Leave it out.")
            errors[position] = {"reviewer": told}
    return errors


def _build(task: LabelTask, sent: Imported, rubrics: Mapping[str, Rubric]) -> Label:
    rubric = rubrics[sent.rubric_version]
    label = build_label(task, sent.marks, rubric=rubric, name=sent.reviewer, now=sent.labelled_at)
    label.comment = sent.comment
    return label


def _says_the_same(one: Label, other: Label) -> bool:
    def content(label: Label) -> object:
        given = {key: mark for key, mark in label.marks.items() if mark is not None}
        return given, label.comment, label.reviewer_name

    return content(one) == content(other)


def _key(label: Imported) -> Key:
    return label.conversation_id, label.stratum, label.rubric_version


def _said(label: Imported) -> Said:
    return *_key(label), None if label.is_adjudication else label.reviewer


def _said_of(label: Label) -> Said:
    by = None if label.is_adjudication else label.reviewer_name
    return label.conversation_id, label.task.stratum, label.rubric_version, by


def _get_tasks(merchant: Merchant, labels: Sequence[Imported], *, now: datetime) -> dict[Key, LabelTask]:
    wanted = {_key(label) for label in labels}
    LabelTask.objects.bulk_create(
        (
            LabelTask(
                merchant=merchant,
                conversation_id=conversation_id,
                stratum=stratum,
                reason=TargetReason.DECLARED if stratum == Stratum.TARGETED else "",
                rubric_version=version,
                is_import=True,
                created_at=now,
                closed_at=now,
            )
            for conversation_id, stratum, version in sorted(wanted)
        ),
        ignore_conflicts=True,
    )
    tasks = LabelTask.objects.for_merchant(merchant).filter(
        is_import=True, conversation__in={conversation_id for conversation_id, _stratum, _version in wanted}
    )
    # Locked, so that the same import sent twice at once is taken in once.
    locked = tasks.order_by("pk").select_for_update(of=("self",))
    found = {(task.conversation_id, task.stratum, task.rubric_version): task for task in locked}
    return {key: found[key] for key in wanted}


def _settle(tasks: Sequence[LabelTask]) -> None:
    marks: dict[int, list[Marks]] = {task.pk: [] for task in tasks}
    decided_at: dict[int, datetime] = {}
    labels = Label.objects.filter(task__in=tasks, withdrawn_at=None)
    for label in labels.order_by("created_at", "id"):
        if label.is_adjudication:
            decided_at[label.task_id] = label.created_at
        else:
            marks[label.task_id].append(label.marks)
    for task in tasks:
        # A decision may come without what it decided.
        task.n_reviewers = max(1, min(2, len(marks[task.pk])))
        task.is_disputed = bool(disputed(task, marks[task.pk]))
        task.adjudicated_at = decided_at.get(task.pk)
    LabelTask.objects.bulk_update(tasks, ["n_reviewers", "is_disputed", "adjudicated_at"])
