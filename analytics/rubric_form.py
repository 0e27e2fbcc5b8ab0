"""The rubric as a form: a weight for each dimension, the merchant's own criteria in rows, and why it is changed."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.utils.translation import gettext_lazy as _

from analytics.rubric import RUBRIC
from analytics.rubric_changes import LENGTHS, MAX_OWN, NOTE_LENGTH, TOP_WEIGHT, check_rubric

WHOLE_NUMBER = _("Give a whole number from 0 to 100.")


def _weight(label: Any, *, required: bool = True) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        min_value=0,
        max_value=TOP_WEIGHT,
        required=required,
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), WHOLE_NUMBER),
    )


class RubricForm(forms.Form):
    """Own criteria stand in rows `own_0_label`, `own_0_weight` …; a last row that is left empty is none."""

    def __init__(
        self, contents: tuple[Mapping[str, int], Sequence[Mapping[str, Any]]], *args: Any, **more: Any
    ) -> None:
        super().__init__(*args, **more)
        weights, own = contents
        for key, criterion in RUBRIC.items():
            self.fields[str(key)] = _weight(criterion.label)
            self.initial[str(key)] = weights[key]
        self.n_rows = self._count_posted() if self.is_bound else min(len(own) + 1, MAX_OWN)
        for row in range(self.n_rows):
            self._add_row(row, own[row] if row < len(own) else {})
        self.fields["note"] = forms.CharField(
            label=_("Why"), max_length=NOTE_LENGTH, help_text=_("Shown in the history and the audit trail.")
        )

    def _count_posted(self) -> int:
        posted = [row for row in range(MAX_OWN) if f"own_{row}_label" in self.data]
        return max(posted, default=-1) + 1

    def _add_row(self, row: int, saved: Mapping[str, Any]) -> None:
        texts: dict[str, tuple[Any, Any]] = {
            "label": (_("Name"), ""),
            "description": (_("For people"), _("What is asked, in a sentence.")),
            "instruction": (_("For the model"), _("What earns 4, 2 and 0 points; and when it does not apply.")),
        }
        for name, (label, hint) in texts.items():
            widget = forms.Textarea(attrs={"rows": 3}) if name == "instruction" else forms.TextInput()
            self.fields[f"own_{row}_{name}"] = forms.CharField(
                label=label, help_text=hint, required=False, max_length=LENGTHS[name], widget=widget
            )
        self.fields[f"own_{row}_weight"] = _weight(_("Weight"), required=False)
        self.fields[f"own_{row}_key"] = forms.CharField(required=False, widget=forms.HiddenInput)
        self.fields[f"own_{row}_is_removed"] = forms.BooleanField(label=_("Remove it"), required=False)
        self.initial.update({f"own_{row}_{name}": value for name, value in saved.items()})

    @property
    def dimensions(self) -> list[tuple[BoundField, Any]]:
        return [(self[str(key)], criterion.description) for key, criterion in RUBRIC.items()]

    @property
    def rows(self) -> list[dict[str, Any]]:
        names = ("label", "description", "instruction", "weight", "key", "is_removed")
        rows = [{name: self[f"own_{row}_{name}"] for name in names} for row in range(self.n_rows)]
        return [
            row
            | {
                "is_new": not row["key"].value(),
                "is_open": any(field.value() or field.errors for field in row.values()),
            }
            for row in rows
        ]

    def clean(self) -> dict[str, Any]:
        """What is asked for, checked as over REST; in `checked` when it is good."""
        cleaned = self.cleaned_data
        weights = {str(key): cleaned.get(key, 0) for key in RUBRIC}
        kept = [row for row in range(self.n_rows) if self._is_kept(row)]
        own = [{name: cleaned.get(f"own_{row}_{name}") for name in ("key", "weight", *LENGTHS)} for row in kept]
        try:
            self.checked = check_rubric(weights, own, cleaned.get("note", ""))
        except ValidationError as error:
            for field, told in error.message_dict.items():
                self._tell(field, told, kept)
        return cleaned

    def _is_kept(self, row: int) -> bool:
        names = [f"own_{row}_{name}" for name in (*LENGTHS, "weight", "key")]
        is_filled = any(self.cleaned_data.get(name) not in (None, "") or name in self.errors for name in names)
        return is_filled and not self.cleaned_data.get(f"own_{row}_is_removed")

    def _tell(self, field: str, told: list[str], kept: Sequence[int]) -> None:
        """At the input of a row; what the field itself has found wrong is not said twice."""
        parts = field.split(".")
        if len(parts) == 3:
            field = f"own_{kept[int(parts[1])]}_{parts[2]}"
        name = field if field in self.fields and not field.endswith("_key") else None
        if name is None or name not in self.errors:
            self.add_error(name, told)
