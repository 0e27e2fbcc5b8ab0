"""What to do about low scores: for each dimension how often it is weak, why, and what usually helps. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise

from analytics.coaching_words import ADVICE, Advice
from analytics.features import LABELS
from analytics.models import QualityScore
from analytics.quality import DimensionMean

# The conversations that are looked at: the lowest of the period by their overall score.
N_LOWEST = 200
WEAK = 0.5
N_REASONS = 3
N_EXAMPLES = 2
WORDS = {str(feature): label for feature, label in LABELS.items()}


@dataclass(frozen=True, slots=True)
class Reason:
    """What pulled `n` conversations down more than anything else did."""

    label: str | Promise
    n: int
    advice: Advice | None


@dataclass(frozen=True, slots=True)
class Note:
    """`n_weak` of the lowest conversations are below WEAK in this dimension; `reasons` are empty for a judge."""

    mean: DimensionMean
    n_weak: int
    reasons: tuple[Reason, ...]
    examples: tuple[QualityScore, ...]


def coach(dimensions: Sequence[DimensionMean], lowest: Sequence[QualityScore]) -> list[Note]:
    """One note for each dimension that is weak anywhere, the weakest first."""
    notes = [_note(mean, [score for score in lowest if _value(score, mean) < WEAK]) for mean in dimensions]
    return sorted((note for note in notes if note.n_weak), key=lambda note: -note.n_weak)


def _value(score: QualityScore, mean: DimensionMean) -> float:
    value: float | None = getattr(score, str(mean.dimension))
    return 1.0 if value is None else value


def _note(mean: DimensionMean, weak: Sequence[QualityScore]) -> Note:
    pulled = Counter(name for score in weak if (name := _strongest(score, str(mean.dimension))))
    reasons = tuple(Reason(WORDS.get(name, name), n, ADVICE.get(name)) for name, n in pulled.most_common(N_REASONS))
    examples = tuple(sorted(weak, key=lambda score: _value(score, mean))[:N_EXAMPLES])
    return Note(mean, len(weak), reasons, examples)


def _strongest(score: QualityScore, dimension: str) -> str | None:
    """The feature that lowered the dimension most; None where the scorer names none."""
    parts = {name: part for name, part in (score.contributions.get(dimension) or {}).items() if name in WORDS}
    name = min(parts, key=lambda each: parts[each], default=None)
    return name if name is not None and parts[name] < 0 else None
