"""The gaps of a merchant in the order of what closing them brings, and what the page says above them."""

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet, Sum

from analytics.totals import Ratio
from improvement.models import Decision, Dismissal, Gap, GapStatus, Question, Review
from portal.models import Merchant

# Tabs of the page: key → statuses.
GROUPS: dict[str, tuple[GapStatus, ...]] = {
    "to_do": (GapStatus.OPEN, GapStatus.REOPENED),
    "in_work": (GapStatus.DRAFTING, GapStatus.IN_REVIEW),
    "addressed": (GapStatus.ADDRESSED,),
    "dismissed": (GapStatus.DISMISSED,),
}


@dataclass(frozen=True, slots=True)
class GapSummary:
    coverage: Ratio  # questions that the articles cover, of those judged
    precision: Ratio  # gaps that got an article, of those and the ones dismissed as no gap
    impact_per_week: float
    money_per_week: float


def list_gaps(merchant: Merchant, *, group: str = "", priority: str = "") -> "QuerySet[Gap]":
    """Undecided gaps that lost all their questions are not shown: there is nothing to do about them."""
    gaps: QuerySet[Gap] = Gap.objects.for_merchant(merchant).exclude(status__in=GROUPS["to_do"], n_questions=0)
    if group:
        gaps = gaps.filter(status__in=GROUPS[group])
    if priority:
        gaps = gaps.filter(priority=priority)
    return gaps.order_by("-impact_per_week", "id")


def count_groups(merchant: Merchant) -> dict[str, int]:
    filters = {group: Count("pk", filter=Q(status__in=statuses)) for group, statuses in GROUPS.items()}
    counts: dict[str, int] = list_gaps(merchant).aggregate(**filters)
    return counts


def summarise_gaps(merchant: Merchant) -> GapSummary:
    judged = Question.objects.for_merchant(merchant).exclude(is_covered=None)
    # Of is_covered and not of the key, so that the index question_covered suffices.
    questions = judged.aggregate(n=Count("is_covered"), k=Count("is_covered", filter=Q(is_covered=True)))
    approved = Review.objects.for_merchant(merchant).filter(decision=Decision.APPROVED)
    n_accepted = approved.values("draft__gap").distinct().count()
    n_wrong = (
        Gap.objects.for_merchant(merchant)
        .filter(status=GapStatus.DISMISSED, dismissal=Dismissal.NOT_A_GAP)
        .exclude(drafts__reviews__decision=Decision.APPROVED)
    )
    sums = list_gaps(merchant, group="to_do").aggregate(impact=Sum("impact_per_week"), money=Sum("money_per_week"))
    return GapSummary(
        coverage=Ratio(questions["k"], questions["n"]),
        precision=Ratio(n_accepted, n_accepted + n_wrong.distinct().count()),
        impact_per_week=sums["impact"] or 0.0,
        money_per_week=sums["money"] or 0.0,
    )
