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
    beside what all share; where there are none, `above_all` is what of the shared pulled it further down than others.
    `said` are a judge's own words."""

    score: QualityScore
    dimension: str | Promise
    value: float | None
    reasons: Sequence[str | Promise]
    above_all: str | Promise
    said: str


def tell_apart(lowest: Sequence[QualityScore], *, n_shown: int) -> tuple[list[str | Promise], list[Lowest]]:
    """What pulled each of the first `n_shown` down, and these. What is rare among the lowest comes first, for it tells
    most about the one."""
    pulls = {score.pk: pulls_of(score) for score in lowest}
    counts = Counter(name for pull in pulls.values() for name in pull)
    shown = lowest[:n_shown]
    shared = set.intersection(*(set(pulls[score.pk]) for score in shown)) if len(shown) > 1 else set()
    totals = {name: sum(pulls[score.pk][name] for score in shown) for name in shared}

    def weigh(score: QualityScore, name: str) -> float:
        return pulls[score.pk][name] * log(1 + len(lowest) / counts[name])

    rows = []
    for score in shown:
        own = sorted(pulls[score.pk].keys() - shared, key=lambda name: (weigh(score, name), name))
        apart = {name: pulls[score.pk][name] - total / len(shown) for name, total in totals.items()}
        rows.append(build_row(score, own[:N_TOLD], min(apart.items(), key=lambda row: row[1], default=("", 0.0))))
    return [WORDS[name] for name in sorted(totals, key=lambda name: totals[name])], rows


def pulls_of(score: QualityScore) -> dict[str, float]:
    """Feature → the most that it took from any dimension, in log odds below 0; empty for a judge."""
    parts = [part.items() for part in score.contributions.values()]
    found: dict[str, float] = {}
    for name, value in (row for part in parts for row in part):
        if name in WORDS and value <= -NOTABLE:
            found[name] = min(value, found.get(name, 0.0))
    return found


def build_row(score: QualityScore, own: Sequence[str], furthest: tuple[str, float]) -> Lowest:
    """`furthest`: which of the shared reasons pulled it how far below the mean of those shown."""
    values = {each: value for each in Dimension if (value := getattr(score, each)) is not None}
    weakest = min(values, key=lambda each: values[each], default=None)
    label, value = (RUBRIC[weakest].label, values[weakest]) if weakest else ("", None)
    return Lowest(
        score,
        label,
        value,
        reasons=[WORDS[name] for name in own],
        above_all=WORDS[furthest[0]] if furthest[1] <= -NOTABLE and not own else "",
        said="" if score.contributions else find_words_on(score, weakest),
    )


def find_words_on(score: QualityScore, dimension: Dimension | None) -> str:
    """What a judge wrote on its weakest dimension: a line for each criterion that applies, in the rubric's order,
    unless it wrote several."""
    lines = score.rationale.splitlines()
    applying = [each for each in Dimension if getattr(score, each) is not None]
    n_own = sum(value is not None for value in score.criteria.values())
    if dimension is None or len(lines) != len(applying) + n_own:
        return score.rationale
    return lines[applying.index(dimension)].partition(": ")[2] or score.rationale
