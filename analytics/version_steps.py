"""How far apart two versions of a scorer are on the conversations that both have scored."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, stdev

from analytics.models import QualityScore, Scorer
from analytics.rubric import Rubric
from analytics.scoring_queue import scorer_version
from portal.models import Merchant

# The latest; enough for an interval of a tenth of a point.
MOST = 5_000


@dataclass(frozen=True, slots=True)
class Step:
    """Mean of (newer − older) over `n` conversations, with its 95 % interval (Student); without one below two."""

    n: int
    mean: float | None
    low: float | None = None
    high: float | None = None

    @property
    def is_clear(self) -> bool:
        """Beyond chance: the interval leaves out zero."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


@dataclass(frozen=True, slots=True)
class ScorerStep:
    scorer: Scorer
    older: str  # rubric versions
    newer: str
    step: Step


def measure_step(pairs: Sequence[tuple[float, float]]) -> Step:
    """`pairs` are (older, newer) overall scores of one conversation each. Pure."""
    differences = [newer - older for older, newer in pairs]
    if not differences:
        return Step(0, None)
    mean = fmean(differences)
    if len(differences) < 2:
        return Step(1, mean)
    from scipy.special import stdtrit  # noqa: PLC0415 - comes with scikit-learn, and no other page needs it at once

    half = float(stdtrit(len(differences) - 1, 0.975)) * stdev(differences) / sqrt(len(differences))
    return Step(len(differences), mean, mean - half, mean + half)


def read_steps(merchant: Merchant, older: Rubric, newer: Rubric) -> list[ScorerStep]:
    """For each scorer that has scored by both, in its current version."""
    found = []
    for scorer in Scorer:
        scores = QualityScore.objects.for_merchant(merchant).filter(
            scorer=scorer, scorer_version=scorer_version(merchant, scorer), conversation__exclusion=""
        )
        after = dict(
            scores.filter(rubric_version=newer.version)
            .filter(conversation__in=scores.filter(rubric_version=older.version).values("conversation"))
            .order_by("-conversation_id")
            .values_list("conversation_id", "overall")[:MOST]
        )
        before = scores.filter(rubric_version=older.version, conversation__in=list(after))
        pairs = [(overall, after[pk]) for pk, overall in before.values_list("conversation_id", "overall")]
        if pairs:
            found.append(ScorerStep(scorer, older.version, newer.version, measure_step(pairs)))
    return found
