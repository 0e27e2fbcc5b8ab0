"""What a good answer is, in four dimensions. A change of a word or a weight is a new version."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

VERSION = "1"


class Dimension(StrEnum):
    HELPFULNESS = "helpfulness"
    ACCURACY = "accuracy"
    POLITENESS = "politeness"
    COMPLETENESS = "completeness"


@dataclass(frozen=True, slots=True)
class Criterion:
    label: str | Promise
    description: str | Promise  # for people
    weight: float
    instruction: str  # for the judge, in English


RUBRIC: Mapping[Dimension, Criterion] = {
    Dimension.HELPFULNESS: Criterion(
        label=_("Helpfulness"),
        description=_("Did the agent’s answers bring the customer closer to what they came for?"),
        weight=0.35,
        instruction=(
            "4: the customer can do or know what they came for. 2: related and partly useful. "
            "0: off the topic, evasive, or a refusal without a way forward."
        ),
    ),
    Dimension.ACCURACY: Criterion(
        label=_("Accuracy"),
        description=_("Is what the agent said supported by the sources that it cited?"),
        weight=0.30,
        instruction=(
            "Compare with <sources> only. 4: every claim is supported. 2: the core is supported, details are not. "
            "0: a claim contradicts the sources or is invented. null where <sources> is empty or nothing was claimed."
        ),
    ),
    Dimension.POLITENESS: Criterion(
        label=_("Politeness"),
        description=_("Was the agent courteous and patient, and did it fit the customer’s mood?"),
        weight=0.10,
        instruction="4: courteous and fitting the customer's mood. 2: neutral or mechanical. 0: rude or blaming.",
    ),
    Dimension.COMPLETENESS: Criterion(
        label=_("Completeness"),
        description=_("Was every part of the question answered, with the steps and conditions that matter?"),
        weight=0.25,
        instruction=(
            "4: every part of what was asked is answered, with the steps and conditions that matter. "
            "2: a part is missing. 0: nothing of it is answered."
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Quote:
    dimension: Dimension
    text: str  # word for word from the conversation


@dataclass(frozen=True, slots=True)
class Assessment:
    """One scorer's view of one conversation. Scores are 0–1; None where the dimension does not apply."""

    scores: Mapping[Dimension, float | None]
    rationale: str
    quotes: tuple[Quote, ...] = ()
    # Per dimension, what each feature added, in log-odds; empty for a judge, which gives reasons instead.
    contributions: Mapping[str, Mapping[str, float]] | None = None

    @property
    def overall(self) -> float:
        return weighted_mean(self.scores)


def weighted_mean(scores: Mapping[Dimension, float | None]) -> float:
    """The mean over the dimensions that apply, with the rubric's weights. Raises ValueError where none applies."""
    applying = [(RUBRIC[dimension].weight, score) for dimension, score in scores.items() if score is not None]
    if not applying:
        raise ValueError("No dimension applies to this conversation.")
    return round(sum(weight * score for weight, score in applying) / sum(weight for weight, _score in applying), 6)


def as_instructions() -> str:
    """The rubric as the judge reads it."""
    return "\n".join(
        f"{dimension} ({RUBRIC[dimension].weight:.0%}): {RUBRIC[dimension].instruction}" for dimension in Dimension
    )
