"""What happened on the way that may explain a line: articles that went live, new agent versions, unusual hours."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Min
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from analytics.models import Rollup
from improvement.models import ArticleVersion
from portal.models import Merchant
from portal.periods import Period, step_start
from reporting.anomaly_words import tell
from reporting.models import Anomaly

N_EACH = 20


@dataclass(frozen=True, slots=True)
class Mark:
    """`kind` is article, version or anomaly."""

    at: datetime
    kind: str
    label: str
    url: str = ""


def read_marks(merchant: Merchant, period: Period, *, new_versions: Iterable[str]) -> list[Mark]:
    """In the order of time; `new_versions` are those that the window before did not have."""
    marks = [
        *_articles(merchant, period),
        *_versions(merchant, period, list(new_versions)),
        *_anomalies(merchant, period),
    ]
    return sorted(marks, key=lambda mark: mark.at)


def _articles(merchant: Merchant, period: Period) -> list[Mark]:
    """Versions that came from an approved draft; an import of a whole help centre explains nothing."""
    versions = ArticleVersion.objects.filter(
        article__merchant=merchant,
        revision__isnull=False,
        published_at__gte=period.start,
        published_at__lt=period.end,
    ).order_by("-published_at")[:N_EACH]
    return [
        Mark(
            version.published_at,
            "article",
            _("Article “%(title)s” went live") % {"title": version.title},
            reverse("article", args=[merchant.slug, version.article_id]),
        )
        for version in versions
    ]


def _versions(merchant: Merchant, period: Period, versions: Sequence[str]) -> list[Mark]:
    if not versions:
        return []
    rows = Rollup.objects.for_merchant(merchant).filter(
        hour__gte=period.start, hour__lt=period.end, agent_version__in=versions
    )
    first = rows.values("agent_version").annotate(first=Min("hour")).order_by("-first")[:N_EACH]
    label = _("Agent version %(version)s began")
    return [Mark(row["first"], "version", label % {"version": row["agent_version"]}) for row in first]


def _anomalies(merchant: Merchant, period: Period) -> list[Mark]:
    found = Anomaly.objects.for_merchant(merchant).select_related("merchant")
    found = found.filter(started_at__gte=period.start, started_at__lt=period.end)[:N_EACH]
    return [Mark(line.anomaly.started_at, "anomaly", line.title, line.url) for line in map(tell, found)]


def place_marks(marks: Sequence[Mark], starts: Sequence[date], *, step: str) -> list[dict[str, Any]]:
    """For static/js/charts.js: one entry for each bar that something happened in, in the order of the bars."""
    positions = {start: index for index, start in enumerate(starts)}
    placed: dict[int, dict[str, Any]] = {}
    for mark in marks:
        index = positions.get(step_start(timezone.localtime(mark.at).date(), step))
        if index is not None:
            entry = placed.setdefault(index, {"index": index, "kind": mark.kind, "labels": []})
            entry["labels"].append(mark.label)
            entry["kind"] = entry["kind"] if entry["kind"] == mark.kind else "several"
    return [placed[index] for index in sorted(placed)]
