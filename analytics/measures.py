"""What one conversation adds to its bucket. Pure: the ingest transaction and the recount both use it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from msgspec import Struct

from analytics.histogram import bin_of
from analytics.models import Exclusion, Outcome
from analytics.outcomes import POSITIVE_RATING, Facts
from portal.periods import local_hour_start

COUNTERS = (
    "n_conversations",
    "n_open",
    "n_resolved",
    "n_confirmed",
    "n_escalated",
    "n_abandoned",
    "n_not_involved",
    "n_involved",
    "n_recontacted",
    "n_disputed",
    "n_refuted",
    "n_test",
    "n_spam",
    "n_no_request",
    "n_customer_messages",
    "n_agent_messages",
    "n_teammate_messages",
    "n_ratings",
    "n_positive_ratings",
    "n_human_ratings",
    "n_human_positive_ratings",
    "rating_sum",
    "input_tokens",
    "output_tokens",
    "agent_cost_micros",
    "n_with_cost",
    "response_sum_ms",
    "first_response_sum_ms",
    "resolution_sum_ms",
)
HISTOGRAMS = ("response_bins", "first_response_bins", "resolution_bins")
SUMS = ("response_sum_ms", "first_response_sum_ms", "resolution_sum_ms")
EXCLUDED = {Exclusion.TEST: "n_test", Exclusion.SPAM: "n_spam", Exclusion.NO_REQUEST: "n_no_request"}


class Bucket(Struct, frozen=True, order=True):
    """The key of one rollup row."""

    hour: datetime
    channel: str
    language: str
    agent_version: str


class Placed(Protocol):
    """Whatever knows in which bucket it counts."""

    @property
    def started_at(self) -> datetime: ...
    @property
    def channel(self) -> str: ...
    @property
    def language(self) -> str: ...
    @property
    def agent_version(self) -> str: ...


class Amounts(Struct):
    """Counts and histogram bins, of one conversation or of a whole bucket. Zero where a name is absent."""

    counts: dict[str, int]
    bins: dict[str, dict[int, int]]

    def add(self, other: "Amounts", sign: int = 1) -> None:
        for name, amount in other.counts.items():
            self.counts[name] = self.counts.get(name, 0) + sign * amount
        for histogram, counts in other.bins.items():
            mine = self.bins.setdefault(histogram, {})
            for number, count in counts.items():
                mine[number] = mine.get(number, 0) + sign * count

    @property
    def is_zero(self) -> bool:
        return not any(self.counts.values()) and not any(any(bins.values()) for bins in self.bins.values())


def bucket_of(facts: Placed, zone: ZoneInfo) -> Bucket:
    hour = local_hour_start(facts.started_at, zone).astimezone(UTC)
    return Bucket(hour, facts.channel, facts.language, facts.agent_version)


def measure(facts: Facts, recontacted_at: datetime | None) -> Amounts:
    """The conversation's contribution to its bucket."""
    if facts.exclusion:
        return Amounts({EXCLUDED[Exclusion(facts.exclusion)]: 1}, {})
    counts = {"n_conversations": 1, f"n_{facts.outcome}": 1, **_counted(facts)}
    if facts.outcome == Outcome.RESOLVED:
        counts.update(refutation(is_recontacted=recontacted_at is not None, is_disputed=facts.is_disputed))
    bins: dict[str, dict[int, int]] = {}
    for histogram, total, durations in zip(HISTOGRAMS, SUMS, _durations(facts), strict=True):
        if durations:
            counts[total] = sum(durations)
            mine = bins[histogram] = {}
            for ms in durations:
                number = bin_of(ms)
                mine[number] = mine.get(number, 0) + 1
    return Amounts(counts, bins)


def refutation(*, is_recontacted: bool, is_disputed: bool) -> dict[str, int]:
    """What speaks against one resolved conversation."""
    return {
        "n_recontacted": int(is_recontacted),
        "n_disputed": int(is_disputed),
        "n_refuted": int(is_recontacted or is_disputed),
    }


def _durations(facts: Facts) -> Iterator[list[int]]:
    yield facts.response_ms
    yield [] if facts.first_response_ms is None else [facts.first_response_ms]
    yield [] if facts.resolution_ms is None else [facts.resolution_ms]


def _counted(facts: Facts) -> dict[str, int]:
    counts = {
        "n_confirmed": int(facts.is_confirmed),
        "n_involved": int(bool(facts.response_ms) or bool(facts.handoff_reason)),
        "n_customer_messages": facts.n_customer_messages,
        "n_agent_messages": facts.n_agent_messages,
        "n_teammate_messages": facts.n_teammate_messages,
        "input_tokens": facts.input_tokens,
        "output_tokens": facts.output_tokens,
    }
    if facts.agent_cost_micros is not None:
        counts |= {"agent_cost_micros": facts.agent_cost_micros, "n_with_cost": 1}
    if facts.rating is not None:
        is_positive, is_human = facts.rating >= POSITIVE_RATING, facts.n_teammate_messages > 0
        counts |= {
            "n_ratings": 1,
            "n_positive_ratings": int(is_positive),
            "n_human_ratings": int(is_human),
            "n_human_positive_ratings": int(is_human and is_positive),
            "rating_sum": facts.rating,
        }
    return counts
