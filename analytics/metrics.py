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
    """`key` is an attribute of Totals, `ratio` and `histogram` those that it is derived from.

    `behind` is the filter of the conversations that the number counts (of a rate: its numerator), as
    analytics.filters.Filters reads it from a URL; None where it does not count conversations. `spread_over` names the
    Totals attribute with how many conversations a sum is spread over, so that its chance is not taken for that of a
    plain count.
    """

    key: str
    name: str | Promise
    unit: Unit
    better: Better
    definition: str | Promise
    formula: str
    behind: tuple[tuple[str, str], ...] | None = ()
    ratio: str = ""
    histogram: str = ""
    quantile: float | None = None
    spread_over: str = ""
    version: int = 1
    is_in_totals: bool = True


def _list(key: str) -> tuple[tuple[str, str], ...]:
    return (("outcome", key),)


def _count(
    key: str, listed: str, name: str | Promise, definition: str | Promise, formula: str, better: Better = Better.NEITHER
) -> Metric:
    """Conversations of one list."""
    return Metric(key, name, Unit.COUNT, better, definition, formula, _list(listed))


def _sum(key: str, name: str | Promise, definition: str | Promise, formula: str) -> Metric:
    """Something that each conversation has more or less of."""
    return Metric(key, name, Unit.COUNT, Better.NEITHER, definition, formula, spread_over="n_conversations")


def _rate(
    key: str, ratio: str, listed: str, better: Better, name: str | Promise, definition: str | Promise, formula: str
) -> Metric:
    return Metric(key, name, Unit.RATE, better, definition, formula, _list(listed), ratio=ratio)


def _durations(
    histogram: str, listed: str, name: str, quantiles: dict[float | None, str | Promise], definition: str | Promise
) -> tuple[Metric, ...]:
    """Median, tails and mean of one kind of duration."""
    return tuple(
        Metric(
            f"{KINDS[quantile]}_{name}_ms", label, Unit.DURATION, Better.DOWN, definition, FORMULAS[quantile],
            _list(listed), histogram=histogram, quantile=quantile,
        )
        for quantile, label in quantiles.items()
    )  # fmt: skip


KINDS = {0.5: "median", 0.9: "p90", 0.95: "p95", None: "mean"}
FORMULAS = {
    0.5: "50th percentile, log-scale bins, relative error ≤ 2 %",
    0.9: "90th percentile, log-scale bins, relative error ≤ 2 %",
    0.95: "95th percentile, log-scale bins, relative error ≤ 2 %",
    None: "sum / count, exact",
}
_COUNTS = (
    Metric(
        "n_conversations", _("Conversations"), Unit.COUNT, Better.NEITHER,
        _("Episodes that started in the period, without test traffic, spam and greetings without a request."),
        "resolved + escalated + abandoned + open + not_involved",
    ),
    Metric(
        "unique_customers", _("Unique customers"), Unit.COUNT, Better.NEITHER,
        _("Distinct known customers of these conversations."), "count of distinct customer_id",
        _list("known_customer"), is_in_totals=False,
    ),
    _sum(
        "n_messages", _("Messages"), _("Messages of customers, the agent and teammates in these conversations."),
        "customer + agent + teammate messages",
    ),
    _count("n_open", "open", _("Open"), _("Not ended yet."), "outcome = open"),
    _count("n_ended", "ended", _("Ended"), _("What the rates are shares of."), "resolved + escalated + abandoned"),
    _count(
        "n_resolved", "resolved", _("Resolved"), _("Answered by the agent, with nothing that speaks against it."),
        "confirmed + assumed", Better.UP,
    ),
    _count(
        "n_confirmed", "confirmed", _("Resolved, confirmed"), _("The customer said that it was solved."),
        "resolved with conversation.resolved, confirmed = true", Better.UP,
    ),
    _count(
        "n_assumed", "assumed", _("Resolved, assumed"), _("Answered, and the customer said nothing more about it."),
        "resolved − confirmed", Better.UP,
    ),
    _count(
        "n_verified", "verified", _("Resolved, verified"),
        _("Resolved and old enough, and the customer neither came back nor disputed it."),
        "mature resolved − mature re-contacted or disputed", Better.UP,
    ),
    _count(
        "n_pending", "pending", _("Pending"),
        _("Ended, but too young to be called verified or not: younger than idle time plus the re-contact window."),
        "ended − mature ended",
    ),
    _count(
        "n_escalated", "escalated", _("Escalated"), _("Handed to a human teammate."), "outcome = escalated", Better.DOWN
    ),
    _count(
        "n_abandoned", "abandoned", _("Abandoned"), _("The customer left without an answer to the last message."),
        "outcome = abandoned", Better.DOWN,
    ),
    _count(
        "n_not_involved", "not_involved", _("Agent not involved"), _("The agent never gave a substantive answer."),
        "outcome = not_involved",
    ),
    _count(
        "n_excluded", "excluded", _("Excluded"), _("In no rate, and counted apart."), "test + spam + no request"
    ),
    _count("n_test", "test", _("Test traffic"), _("The agent said that it is a test."), "is_test = true"),
    _count("n_spam", "spam", _("Spam"), _("A person marked it as spam."), "latest decision = spam"),
    _count(
        "n_no_request", "no_request", _("No real request"), _("A greeting or thanks alone."),
        "no message with a request",
    ),
)  # fmt: skip
_RATES = (
    _rate(
        "resolution_rate", "resolution", "resolved", Better.UP, _("Resolution rate"),
        _("Share of the ended conversations that the agent answered without a human, confirmed or assumed."),
        "resolved / (resolved + escalated + abandoned)",
    ),
    _rate(
        "verified_resolution_rate", "verified_resolution", "verified", Better.UP, _("Verified resolution rate"),
        _(
            "Resolved, and the customer neither came back on any channel within the re-contact window nor disputed it. "
            "Conversations younger than idle time plus that window are pending and count on neither side."
        ),
        "(mature resolved − mature re-contacted or disputed) / mature ended",
    ),
    _rate(
        "escalation_rate", "escalation", "escalated", Better.DOWN, _("Escalation rate"),
        _("Share of the ended conversations that were handed to a human teammate."),
        "escalated / (resolved + escalated + abandoned)",
    ),
    _rate(
        "abandonment_rate", "abandonment", "abandoned", Better.DOWN, _("Abandonment rate"),
        _("Share of the ended conversations that the customer left without an answer to the last message."),
        "abandoned / (resolved + escalated + abandoned)",
    ),
    _rate(
        "containment_rate", "containment", "contained", Better.UP, _("Containment rate"),
        _("Ended without a human. Includes customers who gave up, so it is never a headline."),
        "(resolved + abandoned) / (resolved + escalated + abandoned)",
    ),
    _rate(
        "involvement_rate", "involvement", "involved", Better.UP, _("Involvement rate"),
        _("Share of the conversations in which the agent answered or handed off."),
        "agent answered or handed off / conversations",
    ),
    _rate(
        "recontact_rate", "recontact", "recontacted_mature", Better.DOWN, _("Re-contact rate"),
        _("Share of the resolved conversations after which the same customer came back within the re-contact window."),
        "mature resolved and re-contacted / mature resolved",
    ),
    _rate(
        "csat", "satisfaction", "satisfied", Better.UP, _("CSAT"),
        _("Share of the rated conversations whose last rating is 4 or 5."),
        "ratings of 4 and 5 / ratings",
    ),
    _rate(
        "csat_agent_only", "satisfaction_agent_only", "satisfied_agent_only", Better.UP, _("CSAT, agent only"),
        _("CSAT of the conversations in which no teammate wrote."),
        "ratings of 4 and 5 without a teammate / ratings without a teammate",
    ),
    _rate(
        "csat_human_assisted", "satisfaction_human", "satisfied_human", Better.UP, _("CSAT, with a teammate"),
        _("CSAT of the conversations in which a teammate wrote."),
        "ratings of 4 and 5 with a teammate / ratings with a teammate",
    ),
    _rate(
        "rating_response_rate", "rating_response", "rated", Better.UP, _("Rating response rate"),
        _("Share of the conversations that the customer rated."), "rated / conversations",
    ),
    Metric(
        "knowledge_coverage", _("Knowledge coverage"), Unit.RATE, Better.UP,
        _("Share of the customers' questions that the knowledge base covers."),
        "questions covered by the knowledge base / questions asked", (("topic", "covered"),), is_in_totals=False,
    ),
    Metric(
        "quality_score", _("Quality score"), Unit.RATE, Better.UP,
        _("Mean calibrated overall score of the scored conversations; read it with its coverage."),
        "sum of overall scores / scored conversations, on people's scale where their labels allow it",
        (("score", "scored"),), is_in_totals=False, version=2,
    ),
)  # fmt: skip
_DURATIONS = (
    *_durations(
        "response_time", "answered", "response_time",
        {
            0.5: _("Response time (median)"), 0.9: _("Response time (90th percentile)"),
            0.95: _("Response time (95th percentile)"), None: _("Response time (mean)"),
        },
        _("From the customer's first unanswered message to the agent's answer."),
    ),
    *_durations(
        "first_response_time", "answered_first", "first_response_time",
        {
            0.5: _("First response time (median)"), 0.9: _("First response time (90th percentile)"),
            0.95: _("First response time (95th percentile)"), None: _("First response time (mean)"),
        },
        _("From the conversation's first message to the agent's first answer."),
    ),
    *_durations(
        "resolution_time", "resolved", "resolution_time",
        {
            0.5: _("Time to resolution (median)"), 0.9: _("Time to resolution (90th percentile)"),
            0.95: _("Time to resolution (95th percentile)"), None: _("Time to resolution (mean)"),
        },
        _("From the first message of a resolved conversation to its resolution, or to its last message."),
    ),
)  # fmt: skip
_COSTS = (
    _sum("input_tokens", _("Input tokens"), _("What the model read for the agent's answers."), "sum of input_tokens"),
    _sum("output_tokens", _("Output tokens"), _("What the model wrote for the agent."), "sum of output_tokens"),
    Metric(
        "agent_cost", _("Agent cost"), Unit.MONEY, Better.DOWN,
        _("What the agent's events say that its answers cost."), "sum of message.sent cost",
        _list("with_cost"), spread_over="n_with_cost",
    ),
    Metric(
        "agent_cost_per_conversation", _("Agent cost per conversation"), Unit.MONEY, Better.DOWN,
        _("Over the conversations whose events carry a cost."),
        "sum of message.sent cost / conversations with a cost", _list("with_cost"), spread_over="n_with_cost",
    ),
)  # fmt: skip

METRICS: dict[str, Metric] = {metric.key: metric for metric in (*_COUNTS, *_RATES, *_DURATIONS, *_COSTS)}
