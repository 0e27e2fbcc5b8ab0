"""A merchant changes what it calls a good answer: checked by name of the field, kept as a new version."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from celery import signature
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from analytics.models import RubricVersion
from analytics.rubric import RUBRIC, Dimension
from portal.models import AuditEntry, Job, Merchant

if TYPE_CHECKING:
    from portal.models import ApiKey, User

TOP_WEIGHT = 100
MAX_OWN = 6
NOTE_LENGTH = 200
LENGTHS = {"label": 60, "description": 300, "instruction": 600}
JOB_KIND = "follow_rubric"
TASK = "analytics.tasks.follow_rubric"
Own = Mapping[str, Any]


def change_rubric(
    merchant: Merchant,
    weights: Mapping[str, Any],
    own_criteria: Sequence[Own],
    *,
    note: str,
    by: "User | None",
    at: datetime,
    via: "ApiKey | None" = None,
    restored_from: int | None = None,
) -> RubricVersion | None:
    """The new version, or None where nothing differs. Raises ValidationError by field: a dimension,
    `own_criteria.<n>.<name>` counted from 0, `own_criteria`, `note` or `weights`."""
    checked_weights, checked_own, checked_note = check_rubric(weights, own_criteria, note)
    with transaction.atomic():
        # Two owners who save at once wait for each other.
        Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)
        latest = RubricVersion.objects.for_merchant(merchant).first()
        if (checked_weights, checked_own) == contents(latest):
            return None
        row = RubricVersion.objects.create(
            merchant=merchant,
            number=latest.number + 1 if latest else 2,
            weights=checked_weights,
            own_criteria=checked_own,
            change_note=checked_note,
            restored_from=restored_from,
            created_by=by,
            api_key=via,
            created_at=at,
        )
        detail = {"version": row.version, "comment": checked_note} | describe_changes(contents(latest), contents(row))
        AuditEntry.record(merchant, "rubric.changed", by=by, on=row, detail=detail, via=via)
        job = Job.start(merchant, JOB_KIND, by=by, target_id=row.pk)
        transaction.on_commit(lambda: signature(TASK, args=[merchant.pk, job.pk]).delay(), robust=True)
    return row


def restore_rubric(
    merchant: Merchant, number: int, *, by: "User | None", at: datetime, via: "ApiKey | None" = None
) -> RubricVersion | None:
    """An earlier version as a new one; 1 is the house rubric. None where it holds already. Raises DoesNotExist."""
    row = None if number == 1 else RubricVersion.objects.for_merchant(merchant).get(number=number)
    weights, own = contents(row)
    note = _("As version %(number)s") % {"number": number}
    return change_rubric(merchant, weights, own, note=note, by=by, at=at, via=via, restored_from=number)


def contents(row: RubricVersion | None) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """Weights and own criteria as a version keeps them; those of the house without one."""
    if row is None:
        return {str(key): round(criterion.weight * TOP_WEIGHT) for key, criterion in RUBRIC.items()}, []
    return row.weights, row.own_criteria


def check_rubric(
    weights: Mapping[str, Any], own_criteria: Sequence[Own], note: str
) -> tuple[dict[str, int], list[dict[str, Any]], str]:
    """In the shape in which a version keeps them. Raises ValidationError with all that is wrong, by field."""
    errors: dict[str, str] = {}
    checked = {str(key): _weight(weights.get(key), str(key), errors) for key in Dimension}
    for unknown in weights.keys() - set(checked):
        errors[str(unknown)] = _("There is no such dimension. Add it as a criterion of your own.")
    own: list[dict[str, Any]] = []
    named = {str(one["key"]) for one in own_criteria if one.get("key")}
    for number, one in enumerate(own_criteria):
        own.append(_check_own(one, f"own_criteria.{number}", [row["key"] for row in own], named, errors))
    if len(own) > MAX_OWN:
        errors["own_criteria"] = _("At most %(n)s criteria of your own: remove one.") % {"n": MAX_OWN}
    if not any(checked.values()) and not errors.keys() & checked.keys():
        errors["weights"] = _("Give at least one of the four dimensions a weight above 0.")
    note = _one_line(note)
    if not note:
        errors["note"] = _("Say in a few words why you change the rubric.")
    elif len(note) > NOTE_LENGTH:
        errors["note"] = _("At most %(n)s characters: shorten it.") % {"n": NOTE_LENGTH}
    if errors:
        raise ValidationError(errors)
    return checked, own, note


def _weight(value: Any, field: str, errors: dict[str, str]) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= TOP_WEIGHT:
        errors[field] = _("Give a whole number from 0 to 100.")
        return 0
    return value


def _check_own(one: Own, field: str, taken: Sequence[str], named: set[str], errors: dict[str, str]) -> dict[str, Any]:
    words = {name: _one_line(one.get(name) or "") for name in LENGTHS}
    for name, length in LENGTHS.items():
        if not words[name] and name != "description":
            errors[f"{field}.{name}"] = _("Fill this in, or remove the criterion.")
        elif len(words[name]) > length:
            errors[f"{field}.{name}"] = _("At most %(n)s characters: shorten it.") % {"n": length}
    key = str(one.get("key") or "") or _make_key(words["label"], named.union(taken))
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", key) or key in {str(each) for each in Dimension} | {"overall"}:
        errors[f"{field}.key"] = _("Use small letters, digits and _, at most 40, and no name of the four dimensions.")
    elif key in taken:
        errors[f"{field}.key"] = _("Another criterion has this key: choose another.")
    return {"key": key, **words, "weight": _weight(one.get("weight"), f"{field}.weight", errors)}


def _one_line(text: Any) -> str:
    """Without what PostgreSQL cannot keep: NUL, and halves of surrogate pairs."""
    return " ".join(str(text).replace("\0", " ").encode("utf-8", "ignore").decode().split())


def _make_key(label: str, taken: set[str]) -> str:
    """From the words of the label, with a number where another criterion has that key."""
    words = slugify(label).replace("-", "_").strip("_")[:36]
    stem = words if re.match(r"[a-z]", words) else f"c_{words}".strip("_")
    keys = (stem if number == 1 else f"{stem}_{number}" for number in range(1, MAX_OWN + 10))
    return next(key for key in keys if key not in taken | {str(each) for each in Dimension} | {"overall"})


def describe_changes(
    before: tuple[Mapping[str, int], Sequence[Own]], after: tuple[Mapping[str, int], Sequence[Own]]
) -> dict[str, str]:
    """Criterion → "before → after" of its weight, or what else happened to it; for the audit trail and the history."""
    old = dict(before[0]) | {one["key"]: one["weight"] for one in before[1]}
    new = dict(after[0]) | {one["key"]: one["weight"] for one in after[1]}
    words = [
        {one["key"]: (one["label"], one["description"], one["instruction"]) for one in own}
        for own in (before[1], after[1])
    ]
    told = {}
    for key in [*old, *(key for key in new if key not in old)]:
        if key not in new:
            told[key] = "removed"
        elif key not in old:
            told[key] = f"added, {new[key]}"
        elif old[key] != new[key]:
            told[key] = f"{old[key]} → {new[key]}"
        elif words[0].get(key) != words[1].get(key):
            told[key] = "reworded"
    return told
