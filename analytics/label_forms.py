"""What a person enters about one conversation. Without JavaScript the same fields are plain radio buttons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from analytics.label_file_reading import MAX_BYTES, Fault
from analytics.label_words import STEPS, words_of
from analytics.models import LabelPlan, SkipReason
from analytics.rubric import Criterion, Rubric

NOT_APPLICABLE = "na"


@dataclass(frozen=True, slots=True)
class Step:
    """One radio button. `key` is the key on the keyboard."""

    value: str
    key: str
    words: str | Promise
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Scale:
    """One criterion as the page asks for it."""

    criterion: Criterion
    name: str
    steps: tuple[Step, ...]
    error: str


class MarksForm(forms.Form):
    """A field for each criterion of the rubric: 0 to 1 in quarters, or not applicable."""

    comment = forms.CharField(required=False, max_length=500, label=_("Comment"))

    def __init__(self, *args: Any, rubric: Rubric, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rubric = rubric
        for criterion in rubric.criteria:
            self.fields[f"mark-{criterion.key}"] = forms.TypedChoiceField(
                choices=[(_text(value), "") for value in (*STEPS, None)],
                coerce=lambda text: None if text == NOT_APPLICABLE else float(text),
                label=str(criterion.label),
                error_messages={"required": _("Choose a step, or that it does not apply.")},
            )

    @property
    def marks(self) -> dict[str, float | None]:
        return {criterion.key: self.cleaned_data[f"mark-{criterion.key}"] for criterion in self.rubric.criteria}

    def scales(self) -> list[Scale]:
        return [self._scale(criterion) for criterion in self.rubric.criteria]

    def _scale(self, criterion: Criterion) -> Scale:
        field = self[f"mark-{criterion.key}"]
        values = [(_text(value), str(number), words) for number, (value, words) in enumerate(_steps(criterion), 1)]
        values.append((NOT_APPLICABLE, "N", _("Does not apply")))
        return Scale(
            criterion,
            field.html_name,
            tuple(Step(value, key, words, field.value() == value) for value, key, words in values),
            " ".join(str(error) for error in field.errors),
        )


def _steps(criterion: Criterion) -> list[tuple[float, Promise]]:
    return list(zip(STEPS, words_of(criterion), strict=True))


def _text(mark: float | None) -> str:
    return NOT_APPLICABLE if mark is None else f"{mark:g}"


def as_initial(marks: Mapping[str, float | None]) -> dict[str, str]:
    return {f"mark-{key}": _text(mark) for key, mark in marks.items()}


class SkipForm(forms.Form):
    reason = forms.TypedChoiceField(choices=SkipReason.choices, coerce=SkipReason, label=_("Why?"))
    comment = forms.CharField(required=False, max_length=500, label=_("Comment"))


class PlanForm(forms.ModelForm):  # type: ignore[type-arg]
    double_share = forms.IntegerField(
        min_value=0, max_value=100, label=_("Share of the random ones that two people label (%)")
    )

    class Meta:
        model = LabelPlan
        fields = ("n_random", "n_targeted", "window_days")

    field_order = ("n_random", "double_share", "n_targeted", "window_days")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["double_share"] = round(self.instance.double_share * 100)

    def clean_double_share(self) -> float:
        return float(self.cleaned_data["double_share"]) / 100

    def save(self, commit: bool = True) -> LabelPlan:
        plan: LabelPlan = self.instance
        plan.double_share = self.cleaned_data["double_share"]
        super().save(commit)
        return plan


class LabelFileForm(forms.Form):
    """`faults` is what the file's lines have wrong, as far as it is shown; `n_more` are not."""

    file = forms.FileField(label=_("CSV file"), widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}))
    faults: Sequence[Fault] = ()
    n_more = 0

    def clean_file(self) -> "UploadedFile[bytes]":
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > MAX_BYTES:
            told = _("The file is larger than %(n)s MB. Split it.") % {"n": MAX_BYTES // 1_000_000}
            raise forms.ValidationError(told)
        return file
