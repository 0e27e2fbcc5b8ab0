"""The mean quality of a period's answers, by the scorer that scored last. Scores of two versions are never averaged."""

from dataclasses import dataclass

from django.db.models import Avg, Count, Max

from analytics.models import QualityScore
from analytics.models.conversation import Exclusion
from portal.models import Merchant
from portal.periods import Period


@dataclass(frozen=True, slots=True)
class Quality:
    """`mean` is 0–1, over `n_scored` of `n_eligible`. Provisional: not yet held against people's labels."""

    mean: float
    n_scored: int
    n_eligible: int
    scorer: str
    scorer_version: str
    is_provisional: bool


def measure_quality(merchant: Merchant, period: Period, *, n_eligible: int) -> Quality | None:
    """None where nothing was scored."""
    scores = QualityScore.objects.for_merchant(merchant).filter(
        conversation__started_at__gte=period.start,
        conversation__started_at__lt=period.end,
        conversation__exclusion=Exclusion.NONE,
    )
    versions = scores.order_by().values("scorer", "scorer_version", "rubric_version")
    latest = versions.annotate(mean=Avg("overall"), n=Count("id"), at=Max("created_at")).order_by("-at").first()
    if latest is None:
        return None
    return Quality(
        mean=latest["mean"],
        n_scored=latest["n"],
        n_eligible=n_eligible,
        scorer=latest["scorer"],
        scorer_version=latest["scorer_version"],
        is_provisional=True,
    )
