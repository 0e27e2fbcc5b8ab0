"""Why the lowest scores are low, one told from the next: what pulled all of them down is said once. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from django.utils.functional import Promise

from analytics.features import LABELS
from analytics.local_scorer import NOTABLE
from analytics.models import QualityScore
from analytics.rubric import RUBRIC, Dimension

WORDS = {str(feature): label for feature, label in LABELS.items()}
N_TOLD = 3


@dataclass(frozen=True, slots=True)
class Lowest:
    """A conversation with a low score and its weakest dimension, where there is any. `reasons` are what pulled it down
    beside what all share; `said` are a judge's own words."""

    score: QualityScore
    dimension: str | Promise
    value: float | None
    reasons: Sequence[str | Promise]
    said: str


def tell_apart(lowest: Sequence[QualityScore], *, n_shown: int) -> tuple[list[str | Promise], list[Lowest]]:
    """What pulled each of the first `n_shown` down, and these. What is rare among the lowest comes first, for it tells
    most about the one."""
    pulls = {score.pk: pulls_of(score) for score in lowest}
    counts = Counter(name for pull in pulls.values() for name in pull)
    shown = lowest[:n_shown]
    shared = set.intersection(*(set(pulls[score.pk]) for score in shown)) if len(shown) > 1 else set()
    common = sorted(shared, key=lambda name: sum(pulls[score.pk][name] for score in shown))

    def weigh(score: QualityScore, name: str) -> float:
        return pulls[score.pk][name] * log(1 + len(lowest) / counts[name])

    rows = []
    for score in shown:
        own = sorted(pulls[score.pk].keys() - shared, key=lambda name: (weigh(score, name), name))
        rows.append(build_row(score, [WORDS[name] for name in own[:N_TOLD]]))
    return [WORDS[name] for name in common], rows


def pulls_of(score: QualityScore) -> dict[str, float]:
    """Feature → the most that it took from any dimension, in log odds below 0; empty for a judge."""
    parts = [part.items() for part in score.contributions.values()]
    found: dict[str, float] = {}
    for name, value in (row for part in parts for row in part):
        if name in WORDS and value <= -NOTABLE:
            found[name] = min(value, found.get(name, 0.0))
    return found


def build_row(score: QualityScore, reasons: Sequence[str | Promise]) -> Lowest:
    values = {each: value for each in Dimension if (value := getattr(score, each)) is not None}
    weakest = min(values, key=lambda each: values[each], default=None)
    said = "" if score.contributions else find_words_on(score, weakest)
    if weakest is None:
        return Lowest(score, "", None, reasons, said)
    return Lowest(score, RUBRIC[weakest].label, values[weakest], reasons, said)


def find_words_on(score: QualityScore, dimension: Dimension | None) -> str:
    """What a judge wrote on its weakest dimension: a line for each criterion that applies, in the rubric's order,
    unless it wrote several."""
    lines = score.rationale.splitlines()
    applying = [each for each in Dimension if getattr(score, each) is not None]
    n_own = sum(value is not None for value in score.criteria.values())
    if dimension is None or len(lines) != len(applying) + n_own:
        return score.rationale
    return lines[applying.index(dimension)].partition(": ")[2] or score.rationale
