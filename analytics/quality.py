"""The read side of quality: what one scorer in one version found in a period. Two versions are never averaged."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import sqrt

from django.db.models import Avg, Case, Count, IntegerField, Max, QuerySet, StdDev, Value, When
from django.db.models.functions import TruncWeek
from django.utils.functional import Promise

from analytics.models import Channel, Conversation, QualityScore, ScoreAttempt, Scorer
from analytics.rubric import RUBRIC, Dimension
from portal.models import Merchant
from portal.periods import Period

BINS = 10
Z = 1.96


@dataclass(frozen=True, slots=True)
class Version:
    """Who scored, by what. `n` conversations of the period have a score of it."""

    scorer: Scorer
    scorer_version: str
    rubric_version: str
    n: int
    latest_at: datetime

    @property
    def key(self) -> str:
        return f"{self.scorer}/{self.scorer_version}/{self.rubric_version}"

    @property
    def label(self) -> str:
        return str(self.scorer.label)


@dataclass(frozen=True, slots=True)
class Mean:
    """Mean score 0–1 over `n` conversations with its 95 % interval; None where nothing was scored."""

    value: float | None
    n: int
    low: float | None = None
    high: float | None = None

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
    version: Version
    overall: Mean
    dimensions: tuple[DimensionMean, ...]
    n_eligible: int
    # True until the scores were held against enough labels by people.
    is_provisional: bool

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
    rows = (
        scores_in(merchant, period)
        .order_by()
        .values_list("scorer", "scorer_version", "rubric_version")
        .annotate(n=Count("id"), at=Max("created_at"))
    )
    found = [Version(Scorer(scorer), version, rubric, n, at) for scorer, version, rubric, n, at in rows]
    return sorted(found, key=lambda version: (-version.n, -version.latest_at.timestamp()))


def summary(merchant: Merchant, period: Period, *, version: Version | None = None) -> QualitySummary | None:
    """None where no conversation of the period has a score. Without `version`, that with the most scores."""
    if version is None:
        found = versions(merchant, period)
        if not found:
            return None
        version = found[0]
    fields = ["overall", *map(str, Dimension)]
    row = scores_in(merchant, period, version).aggregate(
        **{f"{name}_mean": Avg(name) for name in fields},
        **{f"{name}_n": Count(name) for name in fields},
        **{f"{name}_sd": StdDev(name, sample=True) for name in fields},
    )
    means = {name: Mean.of(row[f"{name}_mean"], row[f"{name}_n"], row[f"{name}_sd"]) for name in fields}
    return QualitySummary(
        version=version,
        overall=means["overall"],
        dimensions=tuple(
            DimensionMean(dimension, RUBRIC[dimension].label, RUBRIC[dimension].description, means[dimension])
            for dimension in Dimension
        ),
        n_eligible=eligible_in(merchant, period).count(),
        is_provisional=True,
    )


def distribution(merchant: Merchant, period: Period, version: Version) -> list[int]:
    """How many overall scores fall into each tenth; 1.0 belongs to the last."""
    # Case by case, because width_bucket is not in the ORM; a sequential pass over the period's scores.
    tenths = [When(overall__lt=(n + 1) / BINS, then=Value(n)) for n in range(BINS)]
    bin_of = Case(*tenths, default=Value(BINS - 1), output_field=IntegerField())
    rows = (
        scores_in(merchant, period, version).order_by().annotate(bin=bin_of).values_list("bin").annotate(n=Count("id"))
    )
    counts = dict(rows)
    return [counts.get(n, 0) for n in range(BINS)]


def weekly(merchant: Merchant, period: Period, version: Version) -> list[tuple[date, Mean]]:
    """Means by the merchant's own Monday-to-Sunday weeks in which the conversations started."""
    rows = (
        scores_in(merchant, period, version)
        .order_by()
        .annotate(week=TruncWeek("conversation__started_at", tzinfo=merchant.zone))
        .values_list("week")
        .annotate(mean=Avg("overall"), n=Count("id"), sd=StdDev("overall", sample=True))
    )
    return [(week.date(), Mean.of(mean, n, sd)) for week, mean, n, sd in sorted(rows)]


def by_channel(merchant: Merchant, period: Period, version: Version) -> list[tuple[str | Promise, Mean]]:
    rows = (
        scores_in(merchant, period, version)
        .order_by()
        .values_list("conversation__channel")
        .annotate(mean=Avg("overall"), n=Count("id"), sd=StdDev("overall", sample=True))
    )
    found = [(Channel(channel).label, Mean.of(mean, n, sd)) for channel, mean, n, sd in rows]
    return sorted(found, key=lambda row: -row[1].n)


def worst(merchant: Merchant, period: Period, version: Version, *, limit: int = 10) -> Sequence[QualityScore]:
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
