"""Every metric once: its name, its meaning, and which way is better. Pages, API, emails and docs read it here.

`docs/metrics.md` is written from this registry by `manage.py metrics_docs` and a test keeps the two in step.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Unit(StrEnum):
    COUNT = "count"
    RATE = "rate"  # 0-1
    DURATION = "duration_ms"
    MONEY = "money"  # the merchant's currency


class Better(StrEnum):
    UP = "up"
    DOWN = "down"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True)
class Metric:
    """`key` is an attribute of Totals; `ratio` is the Totals property with numerator and denominator."""

    key: str
    name: str | Promise
    unit: Unit
    better: Better
    definition: str | Promise
    formula: str
    ratio: str = ""
    histogram: str = ""
    quantile: float | None = None
    version: int = 1
    is_in_totals: bool = True


def _rate(key: str, ratio: str, better: Better, name: str | Promise, definition: str | Promise, formula: str) -> Metric:
    return Metric(key, name, Unit.RATE, better, definition, formula, ratio=ratio)


def _elsewhere(key: str, name: str | Promise, definition: str | Promise, formula: str) -> Metric:
    """A rate that is counted from its own table rather than from the rollups."""
    return Metric(key, name, Unit.RATE, Better.UP, definition, formula, is_in_totals=False)


def _duration(
    key: str, histogram: str, quantile: float | None, name: str | Promise, definition: str | Promise, formula: str
) -> Metric:
    return Metric(key, name, Unit.DURATION, Better.DOWN, definition, formula, histogram=histogram, quantile=quantile)


_REGISTRY = (
    Metric(
        "n_conversations", _("Conversations"), Unit.COUNT, Better.NEITHER,
        _("Episodes that started in the period, without test traffic, spam and greetings without a request."),
        "resolved + escalated + abandoned + open + not_involved",
    ),
    Metric(
        "n_messages", _("Messages"), Unit.COUNT, Better.NEITHER,
        _("Messages of customers, the agent and teammates in these conversations."),
        "customer + agent + teammate messages",
    ),
    _rate(
        "resolution_rate", "resolution", Better.UP, _("Resolution rate"),
        _("Share of the ended conversations that the agent answered without a human, confirmed or assumed."),
        "resolved / (resolved + escalated + abandoned)",
    ),
    _rate(
        "verified_resolution_rate", "verified_resolution", Better.UP, _("Verified resolution rate"),
        _(
            "Resolved, and the customer neither came back on any channel within the re-contact window nor disputed it. "
            "Conversations younger than idle time plus that window are pending and count on neither side."
        ),
        "(mature resolved − mature re-contacted or disputed) / mature ended",
    ),
    _rate(
        "escalation_rate", "escalation", Better.DOWN, _("Escalation rate"),
        _("Share of the ended conversations that were handed to a human teammate."),
        "escalated / (resolved + escalated + abandoned)",
    ),
    _rate(
        "abandonment_rate", "abandonment", Better.DOWN, _("Abandonment rate"),
        _("Share of the ended conversations that the customer left without an answer to the last message."),
        "abandoned / (resolved + escalated + abandoned)",
    ),
    _rate(
        "containment_rate", "containment", Better.UP, _("Containment rate"),
        _("Ended without a human. Includes customers who gave up, so it is never a headline."),
        "(resolved + abandoned) / (resolved + escalated + abandoned)",
    ),
    _rate(
        "involvement_rate", "involvement", Better.UP, _("Involvement rate"),
        _("Share of the conversations in which the agent answered or handed off."),
        "agent answered or handed off / conversations",
    ),
    _rate(
        "recontact_rate", "recontact", Better.DOWN, _("Re-contact rate"),
        _("Share of the resolved conversations after which the same customer came back within the re-contact window."),
        "mature resolved and re-contacted / mature resolved",
    ),
    _rate(
        "csat", "satisfaction", Better.UP, _("CSAT"),
        _("Share of the rated conversations whose last rating is 4 or 5."),
        "ratings of 4 and 5 / ratings",
    ),
    _duration(
        "median_response_time_ms", "response_time", 0.5, _("Response time (median)"),
        _("From the customer's first unanswered message to the agent's answer."),
        "50th percentile, log-scale bins, relative error ≤ 2 %",
    ),
    _duration(
        "p90_response_time_ms", "response_time", 0.9, _("Response time (90th percentile)"),
        _("Nine of ten answers came faster."), "90th percentile, log-scale bins, relative error ≤ 2 %",
    ),
    _duration(
        "p95_response_time_ms", "response_time", 0.95, _("Response time (95th percentile)"),
        _("Nineteen of twenty answers came faster."), "95th percentile, log-scale bins, relative error ≤ 2 %",
    ),
    _duration(
        "mean_response_time_ms", "response_time", None, _("Response time (mean)"),
        _("The mean over all answers, exact."), "sum of response times / answers",
    ),
    _duration(
        "median_first_response_time_ms", "first_response_time", 0.5, _("First response time (median)"),
        _("From the conversation's first message to the agent's first answer."),
        "50th percentile, log-scale bins, relative error ≤ 2 %",
    ),
    _duration(
        "median_resolution_time_ms", "resolution_time", 0.5, _("Time to resolution (median)"),
        _("From the first message of a resolved conversation to its resolution, or to its last message."),
        "50th percentile, log-scale bins, relative error ≤ 2 %",
    ),
    Metric(
        "unique_customers", _("Unique customers"), Unit.COUNT, Better.NEITHER,
        _("Distinct known customers of these conversations."), "count of distinct customer_id", is_in_totals=False,
    ),
    _elsewhere(
        "knowledge_coverage", _("Knowledge coverage"),
        _("Share of the customers' questions that the knowledge base covers."),
        "questions covered by the knowledge base / questions asked",
    ),
    _elsewhere(
        "quality_score", _("Quality score"),
        _("Mean calibrated overall score of the scored conversations; read it with its coverage."),
        "sum of overall scores / scored conversations",
    ),
    Metric(
        "agent_cost", _("Agent cost"), Unit.MONEY, Better.DOWN,
        _("What the agent's events say that its answers cost."), "sum of message.sent cost",
    ),
)  # fmt: skip

METRICS: dict[str, Metric] = {metric.key: metric for metric in _REGISTRY}
