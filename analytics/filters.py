"""What a list of conversations is narrowed to, as its URL says it. The predicates of the numbers are in lists.py."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime

from django.db.models import Q
from django.utils.translation import gettext as _t

from analytics.lists import LISTS
from analytics.maturity import maturity_of
from analytics.models import Channel, HandoffReason, QualityScore
from analytics.quality import versions
from analytics.segments import DIMENSIONS, Segment
from analytics.text_search import matching_ids
from analytics.topics import read_topics
from portal.models import Merchant
from portal.periods import Period

RATINGS: dict[str, Q] = {
    **{str(score): Q(rating=score) for score in range(1, 6)},
    "low": Q(rating__lte=2),
    "high": Q(rating__gte=4),
    "rated": Q(rating__isnull=False),
    "unrated": Q(rating__isnull=True),
}
# Bands of the overall quality score; None asks for what has no score.
SCORES: dict[str, Q | None] = {
    "low": Q(overall__lt=0.4),
    "middle": Q(overall__gte=0.4, overall__lte=0.7),
    "high": Q(overall__gt=0.7),
    "scored": Q(),
    "unscored": None,
}
MAX_LENGTH = 200


class FilterError(ValueError):
    """A filter has a value that does not exist."""

    def __init__(self, field: str, value: str, known: list[str]) -> None:
        self.field = field
        self.message = _t("“%(value)s” is not known. Use one of %(known)s.") % {
            "value": value,
            "known": ", ".join(known) if known else "–",
        }
        super().__init__(self.message)


@dataclass(frozen=True, slots=True)
class Filters:
    """Empty leaves a filter off, "-" asks for an unknown language or version. `outcome` is a key of LISTS."""

    outcome: str = ""
    channel: str = ""
    topic: str = ""
    reason: str = ""
    rating: str = ""
    score: str = ""
    language: str = ""
    agent_version: str = ""
    text: str = ""

    @classmethod
    def from_query(cls, params: Mapping[str, str]) -> "Filters":
        """Raises FilterError."""
        asked = {spec.name: (params.get(spec.name) or "").replace("\x00", "") for spec in fields(cls)}
        filters = cls(**{name: value.strip()[:MAX_LENGTH] for name, value in asked.items()})
        for field, values in KNOWN.items():
            value = getattr(filters, field)
            if value and value not in values:
                raise FilterError(field, value, [each for each in values if each])
        return filters

    @property
    def is_empty(self) -> bool:
        return self == Filters()

    @property
    def has_more(self) -> bool:
        """Whether a filter is on that stands under “More filters”."""
        return not replace(self, outcome="", channel="", text="").is_empty

    @property
    def query(self) -> dict[str, str]:
        """The query parameters that lead to these filters again."""
        chosen = {spec.name: getattr(self, spec.name) for spec in fields(self)}
        return {name: value for name, value in chosen.items() if value}

    @property
    def segment(self) -> Segment:
        return Segment.from_query({name: getattr(self, name) for name in DIMENSIONS})

    @property
    def is_counted_in_rollups(self) -> bool:
        """Whether the numbers already hold how many conversations fit."""
        rest = replace(self, outcome="", **dict.fromkeys(DIMENSIONS, ""))
        return rest.is_empty and bool(LISTS[self.outcome].column)


KNOWN: dict[str, list[str]] = {
    "outcome": list(LISTS),
    "channel": [*Channel.values],
    "reason": [*HandoffReason.values],
    "rating": list(RATINGS),
    "score": list(SCORES),
}


def predicate(merchant: Merchant, filters: Filters, period: Period | None, *, now: datetime) -> Q:
    """Raises FilterError where the topic does not exist."""
    found = LISTS[filters.outcome].predicate(maturity_of(merchant, now)) & Q(**filters.segment.chosen)
    if filters.reason:
        found &= Q(handoff_reason=filters.reason)
    if filters.rating:
        found &= RATINGS[filters.rating]
    if filters.score:
        found &= _scored(merchant, filters.score, period, now)
    if filters.topic:
        topics = read_topics(merchant)
        if filters.topic not in topics:
            raise FilterError("topic", filters.topic, list(topics)[:20])
        found &= Q(pk__in=topics[filters.topic].conversation_ids)
    if filters.text:
        found &= Q(pk__in=matching_ids(merchant, filters.text, period))
    return found


def _scored(merchant: Merchant, band: str, period: Period | None, now: datetime) -> Q:
    """By the scorer whose scores the quality page shows for this period."""
    asked = period or Period(datetime(2000, 1, 1, tzinfo=UTC), now, merchant.zone, "custom")
    found = versions(merchant, asked)
    if not found:
        return Q() if SCORES[band] is None else Q(pk__in=[])
    version = found[0]
    scores = QualityScore.objects.for_merchant(merchant).filter(
        scorer=version.scorer, scorer_version=version.scorer_version, rubric_version=version.rubric_version
    )
    within = SCORES[band]
    if within is None:
        return ~Q(pk__in=scores.values("conversation_id"))
    return Q(pk__in=scores.filter(within).values("conversation_id"))
