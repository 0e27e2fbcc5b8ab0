"""What a good answer is: four dimensions, and a merchant's own criteria. Another word or weight is another version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from analytics.models import RubricVersion
from portal.models import Merchant

HOUSE_VERSION = "1"


class Dimension(StrEnum):
    HELPFULNESS = "helpfulness"
    ACCURACY = "accuracy"
    POLITENESS = "politeness"
    COMPLETENESS = "completeness"


@dataclass(frozen=True, slots=True)
class Criterion:
    key: str
    label: str | Promise
    description: str | Promise  # for people
    weight: float  # its share of the overall score, 0–1
    instruction: str  # for the judge, in English where it is the house's
    is_own: bool = False


RUBRIC: Mapping[Dimension, Criterion] = {
    Dimension.HELPFULNESS: Criterion(
        key=Dimension.HELPFULNESS,
        label=_("Helpfulness"),
        description=_("Did the agent’s answers bring the customer closer to what they came for?"),
        weight=0.35,
        instruction=(
            "4: the customer can do or know what they came for. 2: related and partly useful. "
            "0: off the topic, evasive, or a refusal without a way forward."
        ),
    ),
    Dimension.ACCURACY: Criterion(
        key=Dimension.ACCURACY,
        label=_("Accuracy"),
        description=_("Is what the agent said supported by the sources that it cited?"),
        weight=0.30,
        instruction=(
            "Compare with <sources> only. 4: every claim is supported. 2: the core is supported, details are not. "
            "0: a claim contradicts the sources or is invented. null where <sources> is empty or nothing was claimed."
        ),
    ),
    Dimension.POLITENESS: Criterion(
        key=Dimension.POLITENESS,
        label=_("Politeness"),
        description=_("Was the agent courteous and patient, and did it fit the customer’s mood?"),
        weight=0.10,
        instruction="4: courteous and fitting the customer's mood. 2: neutral or mechanical. 0: rude or blaming.",
    ),
    Dimension.COMPLETENESS: Criterion(
        key=Dimension.COMPLETENESS,
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
class Rubric:
    """The four dimensions, then the merchant's own criteria in order. One with weight 0 is scored, and counts not."""

    version: str
    criteria: tuple[Criterion, ...]

    @property
    def own(self) -> tuple[Criterion, ...]:
        return tuple(criterion for criterion in self.criteria if criterion.is_own)

    @property
    def questions(self) -> tuple[tuple[str, str], ...]:
        """What a judge is asked: two rubrics that ask the same differ in weights or in words for people alone."""
        return tuple((criterion.key, criterion.instruction) for criterion in self.criteria)


HOUSE_RUBRIC = Rubric(HOUSE_VERSION, tuple(RUBRIC.values()))


def build_rubric(version: str, weights: Mapping[str, int], own_criteria: Sequence[Mapping[str, Any]]) -> Rubric:
    """From the columns of a RubricVersion. The weights become shares of their sum."""
    total = sum(weights.values()) + sum(own["weight"] for own in own_criteria)
    house = [
        Criterion(str(key), found.label, found.description, weights[key] / total, found.instruction)
        for key, found in RUBRIC.items()
    ]
    own = [
        Criterion(one["key"], one["label"], one["description"], one["weight"] / total, one["instruction"], is_own=True)
        for one in own_criteria
    ]
    return Rubric(version, (*house, *own))


def rubric_of(row: RubricVersion) -> Rubric:
    return build_rubric(row.version, row.weights, row.own_criteria)


def current_rubric(merchant: Merchant) -> Rubric:
    """The merchant's latest version, or the house rubric. One query."""
    row = RubricVersion.objects.for_merchant(merchant).first()
    return HOUSE_RUBRIC if row is None else rubric_of(row)


def read_rubrics(merchant: Merchant) -> dict[str, Rubric]:
    """All that the merchant has had, by version. One query."""
    rubrics = [HOUSE_RUBRIC, *map(rubric_of, RubricVersion.objects.for_merchant(merchant))]
    return {rubric.version: rubric for rubric in rubrics}


@dataclass(frozen=True, slots=True)
class Quote:
    dimension: str  # or the key of an own criterion
    text: str  # word for word from the conversation


@dataclass(frozen=True, slots=True)
class Assessment:
    """One scorer's view of one conversation. Scores are 0–1; None, or no entry, where the criterion does not apply."""

    scores: Mapping[str, float | None]
    rationale: str
    quotes: tuple[Quote, ...] = ()
    # Per dimension, what each feature added, in log-odds; empty for a judge, which gives reasons instead.
    contributions: Mapping[str, Mapping[str, float]] | None = None
    rubric: Rubric = HOUSE_RUBRIC

    @property
    def overall(self) -> float:
        return weighted_mean(self.scores, self.rubric)


def weighted_mean(scores: Mapping[str, float | None], rubric: Rubric) -> float:
    """The mean over the criteria that apply, with the rubric's weights. Raises ValueError where none that counts
    applies; keys that the rubric does not know count nothing."""
    applying = [(one.weight, scores.get(one.key)) for one in rubric.criteria if one.weight]
    found = [(weight, score) for weight, score in applying if score is not None]
    if not found:
        raise ValueError("No criterion that counts applies to this conversation.")
    return round(sum(weight * score for weight, score in found) / sum(weight for weight, _score in found), 6)
