"""An anomaly in words: what was unusual, when, and what is usual there. In the active locale and zone."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from analytics.metrics import METRICS
from portal.templatetags.formats import local_date, local_datetime, local_time, number, percent
from reporting.models import Among, Anomaly

# The list of conversations that a metric counts (analytics/filters.py).
LISTS = {"resolution_rate": "resolved", "escalation_rate": "escalated", "abandonment_rate": "abandoned"}
MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class AnomalyLine:
    anomaly: Anomaly
    title: str
    sentence: str
    when: str
    url: str
    badge: str


def tell(anomaly: Anomaly) -> AnomalyLine:
    return AnomalyLine(
        anomaly=anomaly,
        title=build_title(anomaly),
        sentence=build_sentence(anomaly),
        when=build_span(anomaly.started_at, anomaly.ended_at),
        url=build_url(anomaly),
        badge="neutral" if anomaly.metric == "n_conversations" else "good" if is_better(anomaly) else "bad",
    )


def is_better(anomaly: Anomaly) -> bool:
    return anomaly.is_above == (METRICS[anomaly.metric].better == "up")


def build_title(anomaly: Anomaly) -> str:
    if anomaly.metric == "n_conversations":
        return _("Unusually many conversations") if anomaly.is_above else _("Unusually few conversations")
    name = {"name": METRICS[anomaly.metric].name}
    return _("%(name)s unusually high") % name if anomaly.is_above else _("%(name)s unusually low") % name


def build_sentence(anomaly: Anomaly) -> str:
    """The strongest hours against the same hours of the weeks before."""
    show = number if anomaly.metric == "n_conversations" else percent
    told = {
        "value": show(anomaly.value),
        "low": show(anomaly.low),
        "high": show(anomaly.high),
        "span": build_span(anomaly.worst_from, anomaly.worst_to),
        "among": str(Among(anomaly.among).label),
    }
    if anomaly.metric == "n_conversations":
        return _("%(value)s conversations, %(span)s; at these hours %(low)s to %(high)s are usual.") % told
    text = _("%(value)s of those that ended (%(among)s), %(span)s; at these hours %(low)s to %(high)s are usual.")
    return text % told


def build_span(start: datetime, end: datetime) -> str:
    """ "Nov 23, 2026, 14:00 – 16:00"; with both days where it goes past midnight."""
    first, last = timezone.localtime(start), timezone.localtime(end)
    if first.date() == timezone.localtime(end - MOMENT).date():
        return f"{local_date(first)}, {local_time(first)} – {local_time(last)}"
    return f"{local_datetime(first)} – {local_datetime(last)}"


def build_url(anomaly: Anomaly) -> str:
    """The conversations of these days, in the merchant's zone."""
    zone = anomaly.merchant.zone
    days = {
        "period": "custom",
        "from": anomaly.started_at.astimezone(zone).date().isoformat(),
        "to": (anomaly.ended_at - MOMENT).astimezone(zone).date().isoformat(),
    }
    if anomaly.metric in LISTS:
        days["outcome"] = LISTS[anomaly.metric]
    return f"{reverse('conversations', args=[anomaly.merchant.slug])}?{urlencode(days)}"
