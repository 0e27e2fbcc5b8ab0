"""What changed, in sentences, with the conversations to read about it. In the active locale."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from analytics.findings import Finding, Place
from analytics.metrics import METRICS, Better, Unit
from analytics.models import Channel
from portal.models import Merchant
from portal.periods import Period
from portal.templatetags.formats import duration_ms, language_name, number, percent

# The list of conversations that a metric counts (analytics/filters.py).
LISTS = {
    "resolution_rate": "resolved",
    "escalation_rate": "escalated",
    "abandonment_rate": "abandoned",
    "csat": "rated",
}


@dataclass(frozen=True, slots=True)
class FindingLine:
    """`kind` is good, bad or empty, as the change is."""

    headline: str
    detail: str
    kind: str
    url: str


def tell_findings(findings: list[Finding], merchant: Merchant, period: Period) -> list[FindingLine]:
    return [FindingLine(_headline(each), _detail(each), _kind(each), _url(each, merchant, period)) for each in findings]


def _headline(finding: Finding) -> str:
    metric = METRICS[finding.metric]
    is_more = finding.after > finding.before
    told = {"name": metric.name, "after": show(finding.metric, finding.after), "by": _by(finding)}
    if metric.unit is Unit.COUNT:
        text = _("%(by)s more conversations: %(after)s") if is_more else _("%(by)s fewer conversations: %(after)s")
    else:
        text = _("%(name)s rose by %(by)s to %(after)s") if is_more else _("%(name)s fell by %(by)s to %(after)s")
    return text % told


def _by(finding: Finding) -> str:
    if METRICS[finding.metric].unit is Unit.RATE:
        return _("%(points)s points") % {"points": number(abs(finding.value) * 100, 1)}
    return percent(abs(finding.value), 0)


def _detail(finding: Finding) -> str:
    """Where it most likely happened, and what moved instead."""
    sentences = [_placed(finding, finding.place)] if finding.place else [_("It happened everywhere alike.")]
    if finding.also:
        key, moved = finding.also
        points = number(abs(moved) * 100, 1)
        text = _("%(name)s rose by %(points)s points.") if moved > 0 else _("%(name)s fell by %(points)s points.")
        sentences.append(text % {"name": METRICS[key].name, "points": points})
    return " ".join(sentences)


def _placed(finding: Finding, place: Place) -> str:
    told = {
        "part": part_name(place.dimension, place.key),
        "before": show(finding.metric, place.before),
        "after": show(finding.metric, place.after),
    }
    if place.before is None:
        return _("Most likely because of %(part)s, which is new: %(after)s there.") % told
    if place.after is None:
        return _("Most likely because of %(part)s, which is no longer in use: %(before)s there.") % told
    return _("Most likely because of %(part)s: %(before)s before, %(after)s now.") % told


def part_name(dimension: str, key: str) -> str:
    names: Mapping[str, str] = {
        "channel": _("the channel %(name)s"),
        "language": _("the language %(name)s"),
        "agent_version": _("agent version %(name)s"),
    }
    shown = {"channel": _channel, "language": language_name}.get(dimension, str)
    return names[dimension] % {"name": shown(key) if key else _("unknown")}


def _channel(key: str) -> str:
    return str(Channel(key).label)


def show(key: str, value: float | None) -> str:
    unit = METRICS[key].unit
    if unit is Unit.RATE:
        return percent(value)
    return duration_ms(value) if unit is Unit.DURATION else number(value)


def _kind(finding: Finding) -> str:
    better = METRICS[finding.metric].better
    if better is Better.NEITHER:
        return ""
    return "good" if (finding.after > finding.before) == (better is Better.UP) else "bad"


def _url(finding: Finding, merchant: Merchant, period: Period) -> str:
    query = dict(period.query)
    if finding.place and finding.place.key:
        query[finding.place.dimension] = finding.place.key
    if finding.metric in LISTS:
        query["outcome"] = LISTS[finding.metric]
    return f"{reverse('conversations', args=[merchant.slug])}?{urlencode(query)}"
