"""Everything that the overview shows, read once and put into words and charts."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.http import urlencode

from analytics.charts import Chart
from analytics.filter_choices import ANY, LABELS, Choice
from analytics.findings import Finding, daily_dispersion, find_changes
from analytics.metrics import METRICS
from analytics.models import Channel
from analytics.queries import (
    Comparison,
    Point,
    Segment,
    Slice,
    breakdown,
    compare_by_parts,
    hours_of_week,
    series,
    slices_of,
)
from analytics.segments import DIMENSIONS, EVERYTHING, UNKNOWN
from analytics.totals import Totals
from portal.models import Merchant
from portal.periods import Period
from portal.templatetags.formats import language_name
from reporting.cards import Card, build_cards
from reporting.digest import Digest, build_digest
from reporting.findings_words import FindingLine, tell_findings
from reporting.heatmap import Heatmap, build_heatmap
from reporting.marks import Mark, read_marks
from reporting.overview_charts import outcome_chart, step_of, trend_chart
from reporting.sentences import EffectRow, OutcomeRow, effect_rows, outcome_rows, page_url

Parts = Mapping[str, Mapping[str, tuple[Totals, Totals]]]


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses of this merchant's pages with the period and the part of the traffic that the overview shows."""

    merchant: Merchant
    period: Period
    segment: Segment

    def to(self, page: str, **filters: str) -> str:
        query = {**filters, **({} if page == "roi" else self.segment.query), **self.period.query}
        return f"{page_url(page, self.merchant)}?{urlencode(query)}"

    def behind(self, card: Card) -> str:
        """The conversations that a card counts; of savings the calculation. Quality is that of all traffic."""
        if card.key == "savings":
            return self.to("roi")
        links = replace(self, segment=EVERYTHING) if card.key == "quality_score" else self
        return links.to("conversations", **dict(METRICS[card.key].behind or ()))


@dataclass(frozen=True, slots=True)
class Overview:
    digest: Digest
    cards: list[tuple[Card, str]]
    findings: list[FindingLine]
    trend: Chart
    marks: list[Mark]
    outcomes: Chart
    outcome_rows: list[tuple[OutcomeRow, str]]
    channels: list[tuple[Slice, str]]
    handoffs: list[tuple[Slice, str]]
    heatmap: Heatmap | None
    effects: list[EffectRow]
    choices: list[Choice]


def build_overview(merchant: Merchant, period: Period, segment: Segment, *, compares: bool, now: datetime) -> Overview:
    """Without `compares` no number is held against the window before."""
    comparison, parts = compare_by_parts(merchant, period, now=now, segment=segment)
    step = step_of(period)
    points = series(merchant, period, step=step, now=now, segment=segment, durations=False)
    shown = comparison if compares else comparison.alone()
    digest = build_digest(merchant, period, now=now, comparison=shown, segment=segment)
    marks = read_marks(merchant, period, new_versions=_new_versions(comparison, parts))
    links = Links(merchant, period, segment)
    return Overview(
        digest=digest,
        cards=[(card, links.behind(card)) for card in build_cards(digest, merchant)],
        findings=_findings(merchant, period, comparison, parts, points, step) if compares else [],
        trend=trend_chart(points, step=step, marks=marks),
        marks=marks,
        outcomes=outcome_chart(digest.outcomes),
        outcome_rows=[(row, links.to("conversations", outcome=row.key)) for row in outcome_rows(digest.outcomes)],
        channels=[(part, links.to("conversations", channel=part.key)) for part in _channels(parts)],
        handoffs=[
            (part, links.to("conversations", reason=part.key) if part.key else "")
            for part in breakdown(merchant, period, "handoff_reason", now=now, segment=segment)
        ],
        heatmap=build_heatmap(hours_of_week(merchant, period, segment=segment)),
        effects=effect_rows(digest.effects),
        choices=_build_choices(parts, segment),
    )


def _findings(
    merchant: Merchant, period: Period, comparison: Comparison, parts: Parts, points: list[Point], step: str
) -> list[FindingLine]:
    """Nothing where the window before is not whole: that would tell of the beginning of the data."""
    if not comparison.is_previous_whole:
        return []
    counts = [point.totals.n_conversations for point in points]
    dispersion = daily_dispersion(counts, period=7 if step == "day" else 1)
    findings: list[Finding] = find_changes(comparison.previous, comparison.current, parts, dispersion=dispersion)
    return tell_findings(findings, merchant, period)


def _new_versions(comparison: Comparison, parts: Parts) -> list[str]:
    """Agent versions that the window before did not have. Where it had no conversation, nothing is new."""
    if not comparison.previous.n_conversations:
        return []
    return [
        version
        for version, (before, after) in parts["agent_version"].items()
        if version and after.n_conversations and not before.n_conversations
    ]


def _channels(parts: Parts) -> list[Slice]:
    return slices_of("channel", {key: after for key, (_before, after) in parts["channel"].items()})


def _build_choices(parts: Parts, segment: Segment) -> list[Choice]:
    """A select for each dimension that has something to choose from."""
    choices = []
    for by in DIMENSIONS:
        value = segment.query.get(by, "")
        known = {key or UNKNOWN: _shown(by, key) for key in parts[by]}
        if len(known) > 1 or value:
            options = [("", str(ANY[by])), *known.items()]
            choices.append(Choice(by, LABELS[by], value, [("", options)]))
    return choices


def _shown(by: str, key: str) -> str:
    if by == "channel":
        return str(Channel(key).label)
    return (language_name(key) if by == "language" else key) or "–"
