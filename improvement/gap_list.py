"""The gaps of a merchant, the costliest first, and what the page says above them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from analytics.models import Channel
from analytics.totals import Ratio
from improvement.models import Decision, Dismissal, Gap, GapStatus, Lack, Priority, Question, Reading, Review
from portal.models import Merchant

# Tabs of the page: key → statuses.
GROUPS: dict[str, tuple[GapStatus, ...]] = {
    "to_do": (GapStatus.OPEN, GapStatus.REOPENED),
    "in_work": (GapStatus.DRAFTING, GapStatus.IN_REVIEW),
    "addressed": (GapStatus.ADDRESSED,),
    "dismissed": (GapStatus.DISMISSED,),
}
SORTS: dict[str, tuple[str | Promise, tuple[str, ...]]] = {
    "impact": (_("Impact"), ("-impact_per_week", "id")),
    "asked": (_("Asked most"), ("-questions_per_week", "id")),
    "latest": (_("Asked last"), ("-last_asked_at", "id")),
    "new": (_("Found last"), ("-created_at", "id")),
    "name": (_("Name"), ("name", "id")),
}
NEW, REOPENED = "new", "reopened"
NEW_FOR = timedelta(days=7)
FRESH: dict[str, Promise] = {NEW: _("Found in the last 7 days"), REOPENED: _("Reopened")}
# Of the small chart in a row, in units of its own.
SPARK_WIDTH, SPARK_HEIGHT = 72, 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the list is shown. Empty: everything."""

    group: str = "to_do"
    priority: str = ""
    lack: str = ""
    channel: str = ""
    language: str = ""
    fresh: str = ""
    found_since: datetime | None = None  # with NEW
    text: str = ""
    sort: str = "impact"

    @classmethod
    def from_query(cls, params: Mapping[str, str], *, now: datetime) -> Self:
        """What is not known is not asked for."""

        def choose(name: str, known: Sequence[str], default: str = "") -> str:
            value = params.get(name, default)
            return value if value in known else ""

        fresh = choose("fresh", list(FRESH))
        return cls(
            group=choose("status", list(GROUPS), "to_do"),
            priority=choose("priority", Priority.values),
            lack=choose("lack", Lack.values),
            channel=choose("channel", Channel.values),
            language=params.get("language", "").strip()[:16],
            fresh=fresh,
            found_since=now - NEW_FOR if fresh == NEW else None,
            text=params.get("q", "").strip()[:100],
            sort=choose("sort", list(SORTS), "impact") or "impact",
        )

    @property
    def is_narrowed(self) -> bool:
        return bool(self.priority or self.lack or self.channel or self.language or self.fresh or self.text)


@dataclass(frozen=True, slots=True)
class GapRow:
    gap: Gap
    spark: str  # points of a polyline; empty where nothing was asked


@dataclass(frozen=True, slots=True)
class GapSummary:
    coverage: Ratio  # questions that the articles cover, of those judged
    precision: Ratio  # gaps that got an article, of those and the ones dismissed as no gap
    impact_per_week: float
    money_per_week: float


def list_gaps(merchant: Merchant, wanted: Wanted) -> "QuerySet[Gap]":
    """Undecided gaps that lost all their questions are not shown: there is nothing to do about them."""
    gaps: QuerySet[Gap] = Gap.objects.for_merchant(merchant).filter(merged_into=None)
    gaps = gaps.exclude(status__in=GROUPS["to_do"], n_questions=0).defer("centroid")
    if wanted.group:
        gaps = gaps.filter(status__in=GROUPS[wanted.group])
    exact = {"priority": wanted.priority, "lack": wanted.lack}
    gaps = gaps.filter(**{name: value for name, value in exact.items() if value})
    if wanted.fresh == REOPENED:
        gaps = gaps.filter(status=GapStatus.REOPENED)
    if wanted.found_since:
        gaps = gaps.filter(created_at__gt=wanted.found_since)
    if wanted.channel:
        gaps = gaps.filter(channels__contains=[wanted.channel])
    if wanted.language:
        gaps = gaps.filter(languages__contains=[wanted.language])
    for word in wanted.text.split():
        gaps = gaps.filter(Q(name__icontains=word) | Q(keyphrases__icontains=word))
    return gaps.order_by(*SORTS[wanted.sort][1])


def count_groups(merchant: Merchant) -> dict[str, int]:
    filters = {group: Count("pk", filter=Q(status__in=statuses)) for group, statuses in GROUPS.items()}
    counts: dict[str, int] = list_gaps(merchant, Wanted(group="")).aggregate(**filters)
    return counts


def read_languages(merchant: Merchant) -> list[str]:
    """In which the gaps are asked; what the list can be narrowed to."""
    rows = Gap.objects.for_merchant(merchant).exclude(languages=[]).values_list("languages", flat=True)
    return sorted({language for languages in rows for language in languages})


def build_spark(counts: Sequence[int]) -> str:
    most = max(counts, default=0)
    if not most:
        return ""
    step = SPARK_WIDTH / max(len(counts) - 1, 1)
    room = SPARK_HEIGHT - 2  # the line is two units thick
    return " ".join(f"{at * step:.1f},{1 + room * (1 - count / most):.1f}" for at, count in enumerate(counts))


def summarise_gaps(merchant: Merchant, reading: Reading | None) -> GapSummary:
    approved = Review.objects.for_merchant(merchant).filter(decision=Decision.APPROVED)
    n_accepted = approved.values("draft__gap").distinct().count()
    n_wrong = (
        Gap.objects.for_merchant(merchant)
        .filter(status=GapStatus.DISMISSED, dismissal=Dismissal.NOT_A_GAP)
        .exclude(drafts__reviews__decision=Decision.APPROVED)
    )
    to_do = list_gaps(merchant, Wanted()).order_by()
    sums = to_do.aggregate(impact=Sum(F("impact_per_week")), money=Sum(F("money_per_week")))
    return GapSummary(
        coverage=read_coverage(merchant, reading),
        precision=Ratio(n_accepted, n_accepted + n_wrong.distinct().count()),
        impact_per_week=sums["impact"] or 0.0,
        money_per_week=sums["money"] or 0.0,
    )


def read_coverage(merchant: Merchant, reading: Reading | None) -> Ratio:
    """As of the last refresh, which counted; before the first one after an upgrade it is counted here."""
    if reading is not None and (reading.n_judged or reading.clustered_at):
        return Ratio(reading.n_covered, reading.n_judged)
    judged = Question.objects.for_merchant(merchant).exclude(is_covered=None)
    # Of is_covered and not of the key, so that the index question_covered suffices.
    questions = judged.aggregate(n=Count("is_covered"), k=Count("is_covered", filter=Q(is_covered=True)))
    return Ratio(questions["k"], questions["n"])
