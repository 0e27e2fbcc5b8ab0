"""What one window, or one slice of it, adds up to. Counts are stored; everything else is derived here. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from decimal import Decimal

from analytics.histogram import Histogram, add_histograms
from analytics.intervals import wilson

MICROS = Decimal(1_000_000)
# Below this many observations a rate is shown with its interval.
INTERVAL_BELOW = 1000


NO_DURATIONS = Histogram.of(())


def _no_durations() -> Histogram:
    return NO_DURATIONS


@dataclass(frozen=True, slots=True)
class Ratio:
    """A rate with what it is made of."""

    k: int
    n: int

    @property
    def value(self) -> float | None:
        return self.k / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 % Wilson interval; None without observations."""
        return wilson(self.k, self.n) if self.n else None

    @property
    def shows_interval(self) -> bool:
        return 0 < self.n < INTERVAL_BELOW


@dataclass(frozen=True, slots=True)
class Totals:
    """Field names are the rollup's columns. `mature_*` count only buckets older than T + N days (metrics.md)."""

    n_conversations: int = 0
    n_open: int = 0
    n_resolved: int = 0
    n_confirmed: int = 0
    n_escalated: int = 0
    n_abandoned: int = 0
    n_not_involved: int = 0
    n_involved: int = 0
    n_recontacted: int = 0
    n_disputed: int = 0
    n_refuted: int = 0
    n_test: int = 0
    n_spam: int = 0
    n_no_request: int = 0
    n_customer_messages: int = 0
    n_agent_messages: int = 0
    n_teammate_messages: int = 0
    n_ratings: int = 0
    n_positive_ratings: int = 0
    n_human_ratings: int = 0
    n_human_positive_ratings: int = 0
    rating_sum: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    agent_cost_micros: int = 0
    n_with_cost: int = 0
    mature_ended: int = 0
    mature_resolved: int = 0
    mature_recontacted: int = 0
    mature_refuted: int = 0
    response_time: Histogram = field(default_factory=_no_durations)
    first_response_time: Histogram = field(default_factory=_no_durations)
    resolution_time: Histogram = field(default_factory=_no_durations)

    @property
    def n_ended(self) -> int:
        return self.n_resolved + self.n_escalated + self.n_abandoned

    @property
    def n_assumed(self) -> int:
        return self.n_resolved - self.n_confirmed

    @property
    def n_verified(self) -> int:
        return self.mature_resolved - self.mature_refuted

    @property
    def n_pending(self) -> int:
        """Ended, but too young to be called verified or not."""
        return self.n_ended - self.mature_ended

    @property
    def n_excluded(self) -> int:
        return self.n_test + self.n_spam + self.n_no_request

    @property
    def n_contained(self) -> int:
        return self.n_resolved + self.n_abandoned

    @property
    def n_agent_only_ratings(self) -> int:
        return self.n_ratings - self.n_human_ratings

    @property
    def n_agent_only_positive_ratings(self) -> int:
        return self.n_positive_ratings - self.n_human_positive_ratings

    @property
    def n_first_answered(self) -> int:
        """Conversations in which the agent gave the first answer."""
        return self.first_response_time.n

    @property
    def n_messages(self) -> int:
        return self.n_customer_messages + self.n_agent_messages + self.n_teammate_messages

    @property
    def resolution(self) -> Ratio:
        return Ratio(self.n_resolved, self.n_ended)

    @property
    def verified_resolution(self) -> Ratio:
        return Ratio(self.n_verified, self.mature_ended)

    @property
    def escalation(self) -> Ratio:
        return Ratio(self.n_escalated, self.n_ended)

    @property
    def abandonment(self) -> Ratio:
        return Ratio(self.n_abandoned, self.n_ended)

    @property
    def containment(self) -> Ratio:
        return Ratio(self.n_contained, self.n_ended)

    @property
    def involvement(self) -> Ratio:
        return Ratio(self.n_involved, self.n_conversations)

    @property
    def recontact(self) -> Ratio:
        return Ratio(self.mature_recontacted, self.mature_resolved)

    @property
    def satisfaction(self) -> Ratio:
        return Ratio(self.n_positive_ratings, self.n_ratings)

    @property
    def satisfaction_human(self) -> Ratio:
        return Ratio(self.n_human_positive_ratings, self.n_human_ratings)

    @property
    def satisfaction_agent_only(self) -> Ratio:
        return Ratio(self.n_agent_only_positive_ratings, self.n_agent_only_ratings)

    @property
    def rating_response(self) -> Ratio:
        return Ratio(self.n_ratings, self.n_conversations)

    @property
    def resolution_rate(self) -> float | None:
        return self.resolution.value

    @property
    def verified_resolution_rate(self) -> float | None:
        return self.verified_resolution.value

    @property
    def escalation_rate(self) -> float | None:
        return self.escalation.value

    @property
    def abandonment_rate(self) -> float | None:
        return self.abandonment.value

    @property
    def containment_rate(self) -> float | None:
        return self.containment.value

    @property
    def involvement_rate(self) -> float | None:
        return self.involvement.value

    @property
    def recontact_rate(self) -> float | None:
        return self.recontact.value

    @property
    def csat(self) -> float | None:
        return self.satisfaction.value

    @property
    def csat_agent_only(self) -> float | None:
        return self.satisfaction_agent_only.value

    @property
    def csat_human_assisted(self) -> float | None:
        return self.satisfaction_human.value

    @property
    def rating_response_rate(self) -> float | None:
        return self.rating_response.value

    @property
    def mean_response_time_ms(self) -> float | None:
        return self.response_time.mean_ms

    @property
    def median_response_time_ms(self) -> float | None:
        return self.response_time.quantile(0.5)

    @property
    def p90_response_time_ms(self) -> float | None:
        return self.response_time.quantile(0.9)

    @property
    def p95_response_time_ms(self) -> float | None:
        return self.response_time.quantile(0.95)

    @property
    def median_first_response_time_ms(self) -> float | None:
        return self.first_response_time.quantile(0.5)

    @property
    def p90_first_response_time_ms(self) -> float | None:
        return self.first_response_time.quantile(0.9)

    @property
    def p95_first_response_time_ms(self) -> float | None:
        return self.first_response_time.quantile(0.95)

    @property
    def mean_first_response_time_ms(self) -> float | None:
        return self.first_response_time.mean_ms

    @property
    def median_resolution_time_ms(self) -> float | None:
        return self.resolution_time.quantile(0.5)

    @property
    def p90_resolution_time_ms(self) -> float | None:
        return self.resolution_time.quantile(0.9)

    @property
    def p95_resolution_time_ms(self) -> float | None:
        return self.resolution_time.quantile(0.95)

    @property
    def mean_resolution_time_ms(self) -> float | None:
        return self.resolution_time.mean_ms

    @property
    def agent_cost(self) -> Decimal | None:
        """None where no event carried a cost; the agent's currency is taken to be the merchant's."""
        return Decimal(self.agent_cost_micros) / MICROS if self.n_with_cost else None

    @property
    def agent_cost_per_conversation(self) -> Decimal | None:
        """Over the conversations that carry a cost."""
        return Decimal(self.agent_cost_micros) / MICROS / self.n_with_cost if self.n_with_cost else None


DURATIONS = ("response_time", "first_response_time", "resolution_time")
COUNTS: tuple[str, ...] = tuple(spec.name for spec in fields(Totals) if spec.name not in DURATIONS)


def add_up(parts: Iterable[Totals]) -> Totals:
    found = list(parts)
    if len(found) <= 1:
        return found[0] if found else Totals()
    counts = {name: sum([getattr(each, name) for each in found]) for name in COUNTS}
    response, first_response, resolution = (
        add_histograms([getattr(each, name) for each in found]) for name in DURATIONS
    )
    return Totals(**counts, response_time=response, first_response_time=first_response, resolution_time=resolution)
