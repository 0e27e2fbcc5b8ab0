"""The read side of quality: what one scorer in one version found in a period. Two versions are never averaged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import sqrt

from django.db.models import Count, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from analytics.calibrated import NONE, read_corrections
from analytics.corrections import Correction
from analytics.models import Conversation, QualityScore, ScoreAttempt, Scorer
from analytics.quality_sums import ScoreSums, count_eligible, read_sums
from analytics.rubric import RUBRIC, Dimension
from portal.models import Merchant
from portal.periods import Period

Z = 1.96


@dataclass(frozen=True, slots=True)
class Version:
    """Who scored, by what. `n` conversations of the period have a score of it. `corrections`, by dimension, take its
    means to people's scale; without one for "overall" it is provisional."""

    scorer: Scorer
    scorer_version: str
    rubric_version: str
    n: int
    latest_at: datetime
    corrections: Mapping[str, Correction] = field(default_factory=lambda: NONE, compare=False, repr=False)

    @property
    def key(self) -> str:
        return f"{self.scorer}/{self.scorer_version}/{self.rubric_version}"

    @property
    def columns(self) -> tuple[str, str, str]:
        return self.scorer.value, self.scorer_version, self.rubric_version

    @property
    def label(self) -> str:
        return str(self.scorer.label)

    @property
    def name(self) -> str:
        """Apart from every other version, for lists and charts."""
        return f"{self.label} ({self.scorer_version}, {_('rubric')} {self.rubric_version})"

    @property
    def is_provisional(self) -> bool:
        return "overall" not in self.corrections

    def mean(self, sums: ScoreSums, name: str = "overall") -> "Mean":
        return self.mean_of(*sums.mean(name), name=name)

    def mean_of(self, value: float | None, n: int, deviation: float | None, *, name: str = "overall") -> "Mean":
        """Of some of its scores: on people's scale where labels allow it, else as the scorer gave it."""
        correction = self.corrections.get(name)
        if correction is None or value is None or not n:
            return Mean.of(value, n, deviation)
        found = correction.apply(value, n, deviation)
        half_apart = found.half_apart if n > 1 else None
        return Mean(found.value, n, found.low, found.high, half_apart, is_corrected=True)


@dataclass(frozen=True, slots=True)
class Mean:
    """Mean score 0–1 over `n` conversations with its 95 % interval; None where nothing was scored.

    Corrected means share the uncertainty of the labels; `half_apart` is the half-width without it, for comparing two.
    """

    value: float | None
    n: int
    low: float | None = None
    high: float | None = None
    half_apart: float | None = None
    is_corrected: bool = False

    @classmethod
    def of(cls, value: float | None, n: int, deviation: float | None) -> "Mean":
        if value is None or not n:
            return cls(None, 0)
        if n < 2:
            return cls(value, n)
        half = Z * (deviation or 0.0) / sqrt(n)
        return cls(value, n, max(0.0, value - half), min(1.0, value + half))


@dataclass(frozen=True, slots=True)
class DimensionMean:
    dimension: Dimension
    label: str | Promise
    description: str | Promise
    mean: Mean


@dataclass(frozen=True, slots=True)
class QualitySummary:
    """`overall` is corrected by people's labels unless `is_provisional`; `raw` is as the scorer gave it."""

    version: Version
    overall: Mean
    raw: Mean
    dimensions: tuple[DimensionMean, ...]
    n_eligible: int

    @property
    def is_provisional(self) -> bool:
        """True until the scores were held against enough labels by people."""
        return self.version.is_provisional

    @property
    def n_scored(self) -> int:
        return self.overall.n

    @property
    def coverage(self) -> float:
        return min(1.0, self.n_scored / self.n_eligible) if self.n_eligible else 0.0


def eligible_in(merchant: Merchant, period: Period) -> QuerySet[Conversation]:
    return Conversation.objects.for_merchant(merchant).filter(
        started_at__gte=period.start, started_at__lt=period.end, exclusion=""
    )


def scores_in(merchant: Merchant, period: Period, version: Version | None = None) -> QuerySet[QualityScore]:
    """Scores of the conversations that started in the period and count in rates."""
    scores = QualityScore.objects.for_merchant(merchant).filter(
        conversation__merchant=merchant,  # or the planner reads the period of all merchants
        conversation__started_at__gte=period.start,
        conversation__started_at__lt=period.end,
        conversation__exclusion="",
    )
    if version is not None:
        scores = scores.filter(
            scorer=version.scorer, scorer_version=version.scorer_version, rubric_version=version.rubric_version
        )
    return scores


def versions(merchant: Merchant, period: Period) -> list[Version]:
    """The one that scored most conversations of the period first: a new version takes over when it has caught up."""
    return [version for version, _sums in read_versions(merchant, period)]


def read_versions(merchant: Merchant, period: Period) -> list[tuple[Version, ScoreSums]]:
    """As `versions`, each with what its scores of the period add up to."""
    series = read_sums(merchant, period)
    corrections = read_corrections(merchant) if series else {}
    found = [
        (Version(Scorer(key[0]), key[1], key[2], sums.n, sums.latest_at, corrections.get(key, NONE)), sums)
        for key, sums in series.items()
    ]
    return sorted(found, key=lambda row: (-row[0].n, -row[0].latest_at.timestamp()))


def summary(
    merchant: Merchant, period: Period, *, version: Version | None = None, n_eligible: int | None = None
) -> QualitySummary | None:
    """None where no conversation of the period has a score. Without `version`, that with the most scores.

    `n_eligible` spares a count where the caller has the totals of the period.
    """
    found = [row for row in read_versions(merchant, period) if version is None or row[0].key == version.key]
    if not found:
        return None
    best, sums = found[0]
    return summarise(best, sums, n_eligible=count_eligible(merchant, period) if n_eligible is None else n_eligible)


def summarise(best: Version, sums: ScoreSums, *, n_eligible: int) -> QualitySummary:
    return QualitySummary(
        version=best,
        overall=best.mean(sums),
        raw=Mean.of(*sums.mean("overall")),
        dimensions=tuple(
            DimensionMean(
                dimension,
                RUBRIC[dimension].label,
                RUBRIC[dimension].description,
                mean=best.mean(sums, dimension),
            )
            for dimension in Dimension
        ),
        n_eligible=n_eligible,
    )


def worst(merchant: Merchant, period: Period, version: Version, *, limit: int = 10) -> Sequence[QualityScore]:
    """Walks the index score_worst until enough of the period are found."""
    scores = scores_in(merchant, period, version).select_related("conversation")
    return list(scores.order_by("overall", "-conversation__started_at", "id")[:limit])


def failures(merchant: Merchant, period: Period) -> list[tuple[str, int]]:
    """Why conversations of the period have no score, and how many: the stored reasons, most frequent first."""
    rows = (
        ScoreAttempt.objects.for_merchant(merchant)
        .filter(conversation__in=eligible_in(merchant, period))
        .exclude(error="")
        .order_by()
        .values_list("error")
        .annotate(n=Count("conversation", distinct=True))
    )
    return sorted(rows, key=lambda row: -row[1])
