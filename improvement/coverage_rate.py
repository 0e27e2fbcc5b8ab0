"""Knowledge coverage as a metric: the share of the customers' questions that the knowledge base covers."""

from django.db.models import Count, Q

from analytics.counted_apart import Key, grouped, key_of
from analytics.measured import Measured
from analytics.segments import Segment
from analytics.totals import Ratio
from improvement.models import Question
from portal.models import Merchant
from portal.periods import Period


def measure_coverage(
    merchant: Merchant, period: Period, segment: Segment, *, step: str = "", by: str = ""
) -> dict[Key, Measured]:
    """Of the questions that were judged, of the conversations that started in the period. Reads the indexes
    conversation_list and question_covered."""
    rows = Question.objects.for_merchant(merchant).filter(
        conversation__merchant=merchant,
        conversation__started_at__gte=period.start,
        conversation__started_at__lt=period.end,
        conversation__exclusion="",
        is_covered__isnull=False,
        **{f"conversation__{name}": value for name, value in segment.chosen.items()},
    )
    counts = grouped(rows, merchant, "conversation__", step=step, by=by).annotate(
        n=Count("is_covered"), k=Count("is_covered", filter=Q(is_covered=True))
    )
    return {key_of(row): Measured.of_ratio(Ratio(row["k"], row["n"])) for row in counts}
