"""How far a merchant's numbers can be trusted right now: how fresh, when they were proved, what was rejected."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Max, Sum

from analytics.models import Conversation, Counting, Reconciliation, RejectedEvents, SearchProgress
from analytics.queries import data_to
from portal.models import Job, Merchant
from portal.recounts import find_recount

N_RECONCILIATIONS = 14
REJECTED_DAYS = 30
N_REASONS = 50


@dataclass(frozen=True, slots=True)
class Rejected:
    """One reason, with how often it rejected an event within the last days."""

    field: str
    error: str
    n: int
    last_at: datetime
    last_event_id: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One hour of a channel, language and version; `counts` holds name, what was kept and what is right."""

    hour: datetime
    part: str
    counts: Sequence[tuple[str, int, int]]


@dataclass(frozen=True, slots=True)
class DataHealth:
    """`counted_to` is the last change of a conversation, `searched_to` the last one that text search knows whole."""

    data_to: datetime | None
    counted_to: datetime | None
    searched_to: datetime | None
    counting: Counting | None
    recount: Job | None
    reconciliations: Sequence[Reconciliation]
    rejected: Sequence[Rejected]
    n_rejected: int

    @property
    def differences(self) -> list[Difference]:
        """What the last proof repaired; the first of it where it was much."""
        kept = self.reconciliations[0].differences if self.reconciliations else []
        return [_read_difference(each) for each in kept]


def read_data_health(merchant: Merchant, *, now: datetime) -> DataHealth:
    changed = Conversation.objects.for_merchant(merchant).aggregate(at=Max("updated_at"))
    progress = SearchProgress.objects.for_merchant(merchant).first()
    recount = find_recount(merchant)
    rejected = read_rejected(merchant, now=now)
    return DataHealth(
        data_to=data_to(merchant),
        counted_to=changed["at"],
        searched_to=progress.updated_at if progress else None,
        counting=Counting.objects.for_merchant(merchant).first(),
        recount=recount if recount and recount.is_active else None,
        reconciliations=list(
            Reconciliation.objects.for_merchant(merchant).order_by("-checked_at", "-id")[:N_RECONCILIATIONS]
        ),
        rejected=rejected,
        n_rejected=sum(each.n for each in rejected),
    )


def read_rejected(merchant: Merchant, *, now: datetime) -> list[Rejected]:
    """The reasons of the last REJECTED_DAYS days, the most frequent first."""
    since = now.astimezone(UTC).date() - timedelta(days=REJECTED_DAYS)
    rows = RejectedEvents.objects.for_merchant(merchant).filter(day__gt=since).order_by()
    found = rows.values_list("field", "error").annotate(total=Sum("n"), at=Max("last_at")).order_by("-total", "field")
    by_time = rows.order_by("last_at").values_list("field", "error", "last_event_id")
    examples = {(field, error): event_id for field, error, event_id in by_time}
    return [Rejected(field, error, n, at, examples[field, error]) for field, error, n, at in found[:N_REASONS]]


def _read_difference(kept: dict[str, Any]) -> Difference:
    part = " · ".join(filter(None, (kept["channel"], kept["language"], kept["agent_version"])))
    counts = [(name, stored, kept["recounted"].get(name, 0)) for name, stored in kept["stored"].items()]
    return Difference(datetime.fromisoformat(kept["hour"]), part, counts)
