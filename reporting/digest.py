"""What happened in one period, in one frozen value: the overview page and the weekly email both tell it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, QuerySet, Sum

from analytics.comparison import NO_CHANGE, Kind, compare_measured
from analytics.measured import Measured
from analytics.metrics import METRICS
from analytics.quality import Mean, QualitySummary
from analytics.quality import summary as quality_summary
from analytics.queries import Change, Comparison, compare, data_to
from analytics.segments import EVERYTHING, Segment
from analytics.totals import Ratio, Totals
from improvement.models import Draft, DraftState, Effect, Gap, GapStatus
from portal.models import CostInputs, Merchant
from portal.periods import Period
from reporting.roi import Mode
from reporting.savings import Savings, compare_savings, measure_savings

N_LISTED = 5
UNANSWERED = (GapStatus.OPEN, GapStatus.REOPENED, GapStatus.DRAFTING, GapStatus.IN_REVIEW)


@dataclass(frozen=True, slots=True)
class Headline:
    """`value` is a count, a rate 0–1, milliseconds or an amount of money, as the key says; None where nothing was
    measured."""

    key: str
    value: int | float | Decimal | None
    change: Change
    n: int | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class OutcomeShare:
    outcome: str  # confirmed, assumed, escalated, abandoned, open, not_involved
    n: int
    share: float


@dataclass(frozen=True, slots=True)
class GapLine:
    id: int
    name: str
    status: str
    priority: str
    impact_per_week: float
    money_per_week: Decimal


@dataclass(frozen=True, slots=True)
class DraftLine:
    id: int
    title: str
    gap: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class EffectLine:
    article_id: int
    title: str
    verdict: str
    change: float | None
    low: float | None
    high: float | None
    n_before: int
    n_after: int


@dataclass(frozen=True, slots=True)
class Digest:
    start: datetime
    end: datetime
    data_to: datetime | None
    headlines: tuple[Headline, ...]
    verified: Headline
    p95_response_time_ms: float | None
    outcomes: tuple[OutcomeShare, ...]
    n_conversations: int
    n_ended: int
    n_excluded: int
    savings: Savings
    savings_before: Decimal
    n_gaps: int
    gap_money_per_week: Decimal
    gaps: tuple[GapLine, ...]
    n_drafts: int
    drafts: tuple[DraftLine, ...]
    effects: tuple[EffectLine, ...]
    quality: QualitySummary | None

    def headline(self, key: str) -> Headline:
        return next(headline for headline in self.headlines if headline.key == key)


def build_digest(
    merchant: Merchant,
    period: Period,
    *,
    now: datetime,
    comparison: Comparison | None = None,
    segment: Segment = EVERYTHING,
) -> Digest:
    """`comparison` spares reading it twice. Where it is of a part of the traffic, `segment`, the savings, gaps, drafts
    and quality still are the whole merchant's."""
    comparison = comparison or compare(merchant, period, now=now, segment=segment)
    current = comparison.current
    n_eligible = None if segment.chosen else current.n_conversations
    quality = quality_summary(merchant, period, n_eligible=n_eligible)
    costs = CostInputs.costs_of(merchant)
    savings = measure_savings(merchant, period, mode=Mode.HONEST, now=now, costs=costs)
    savings_before = measure_savings(
        merchant,
        savings.period.previous(),
        mode=Mode.HONEST,
        now=now,
        costs=costs,
        is_provisional=savings.is_provisional,
        first=savings.data_from,
    )
    open_gaps = Gap.objects.for_merchant(merchant).filter(status__in=UNANSWERED, merged_into=None)
    sums = open_gaps.aggregate(n=Count("id"), money=Sum("money_per_week"))
    waiting = Draft.objects.for_merchant(merchant).filter(state=DraftState.IN_REVIEW)
    return Digest(
        start=period.start,
        end=period.end,
        data_to=data_to(merchant),
        headlines=(
            *_headlines(comparison),
            _savings_headline(comparison, savings, savings_before),
            _quality_headline(merchant, period, quality),
            _rate_headline("csat", comparison),
        ),
        verified=_rate_headline("verified_resolution_rate", comparison),
        p95_response_time_ms=current.p95_response_time_ms,
        outcomes=share_outcomes(current),
        n_conversations=current.n_conversations,
        n_ended=current.n_ended,
        n_excluded=current.n_excluded,
        savings=savings,
        savings_before=savings_before.roi.savings,
        n_gaps=sums["n"],
        gap_money_per_week=sums["money"] or Decimal(0),
        gaps=tuple(_list_gaps(open_gaps)),
        n_drafts=waiting.count(),
        drafts=tuple(_list_drafts(waiting)),
        effects=tuple(_list_effects(merchant)),
        quality=quality,
    )


def share_outcomes(total: Totals) -> tuple[OutcomeShare, ...]:
    """Shares of all eligible conversations; they add up to one."""
    counts = {
        "confirmed": total.n_confirmed,
        "assumed": total.n_assumed,
        "escalated": total.n_escalated,
        "abandoned": total.n_abandoned,
        "open": total.n_open,
        "not_involved": total.n_not_involved,
    }
    n = total.n_conversations
    return tuple(OutcomeShare(outcome, count, count / n) for outcome, count in counts.items() if count)


def _headlines(comparison: Comparison) -> tuple[Headline, ...]:
    current, changes = comparison.current, comparison.changes
    key = "median_response_time_ms"
    return (
        Headline("n_conversations", current.n_conversations, changes["n_conversations"]),
        _rate_headline("resolution_rate", comparison),
        Headline(key, current.median_response_time_ms, changes[key], current.response_time.n),
    )


def _rate_headline(key: str, comparison: Comparison) -> Headline:
    """With its interval where there are few."""
    ratio: Ratio = getattr(comparison.current, METRICS[key].ratio)
    low, high = ratio.interval if ratio.shows_interval and ratio.interval else (None, None)
    return Headline(key, ratio.value, comparison.changes[key], ratio.n, low, high)


def _quality_headline(merchant: Merchant, period: Period, quality: QualitySummary | None) -> Headline:
    """Compared with what the same version found in the window before."""
    if quality is None:
        return Headline("quality_score", None, NO_CHANGE, 0)
    before = quality_summary(merchant, period.previous(), version=quality.version, n_eligible=0)
    now, earlier = (
        Measured(mean.value, mean.n, mean.low, mean.high, half_apart=mean.half_apart)
        for mean in (quality.overall, before.overall if before else Mean(None, 0))
    )
    change = compare_measured(METRICS["quality_score"], now, earlier)
    return Headline("quality_score", now.value, change, now.n, now.low, now.high)


def _savings_headline(comparison: Comparison, now: Savings, before: Savings) -> Headline:
    """Without any conversation there is nothing saved and nothing lost. Where counts are not compared, sums are not."""
    is_comparable = comparison.changes["n_conversations"].kind is not Kind.NONE
    value = now.roi.savings if now.counts.n_conversations else None
    change = compare_savings(now, before) if is_comparable else NO_CHANGE
    return Headline("savings", value, change, int(now.roi.n_counted))


def _list_gaps(gaps: "QuerySet[Gap]") -> list[GapLine]:
    columns = ("id", "name", "status", "priority", "impact_per_week", "money_per_week")
    return [GapLine(*row) for row in gaps.order_by("-impact_per_week", "id").values_list(*columns)[:N_LISTED]]


def _list_drafts(drafts: "QuerySet[Draft]") -> list[DraftLine]:
    rows = drafts.select_related("gap").prefetch_related("revisions").order_by("created_at")[:N_LISTED]
    lines = []
    for draft in rows:
        latest = max(draft.revisions.all(), key=lambda revision: revision.number, default=None)
        lines.append(DraftLine(draft.pk, latest.title if latest else draft.gap.name, draft.gap.name, draft.created_at))
    return lines


def _list_effects(merchant: Merchant) -> list[EffectLine]:
    rows = Effect.objects.for_merchant(merchant).select_related("version").order_by("-version__published_at")[:N_LISTED]
    return [
        EffectLine(
            article_id=effect.version.article_id,
            title=effect.version.title,
            verdict=effect.verdict,
            change=effect.change,
            low=effect.change_low,
            high=effect.change_high,
            n_before=effect.n_before,
            n_after=effect.n_after,
        )
        for effect in rows
    ]
