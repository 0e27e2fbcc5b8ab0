"""The charts of the quality page: results in, Chart.js configs with the same numbers as a table out. Pure."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from analytics.charts import Chart
from analytics.quality import Mean
from analytics.quality_series import Line, Series
from analytics.quality_sums import BINS
from portal.templatetags.formats import local_day, number, percent


def series_chart(series: Series) -> Chart:
    starts = series.starts
    labels = [local_day(start) for start in starts]
    config = {
        "type": "line",
        "unit": "percent",
        "data": {
            "labels": labels,
            "datasets": [_dataset(line, series, color=f"chart-{n % 6 + 1}") for n, line in enumerate(series.lines)],
        },
        "options": {"scales": {"y": {"min": 0, "max": 1}}},
        "marks": [
            {"index": starts.index(on), "kind": "version", "labels": [b.label for b in series.beginnings if b.on == on]}
            for on in sorted({beginning.on for beginning in series.beginnings})
        ],
    }
    columns = (_first_column(series.step), _("Scored by"), _("Mean score"), _("95% interval"), _("Conversations"))
    rows = tuple(
        (local_day(start), line.version.name, percent(mean.value), interval(mean), number(mean.n))
        for start in starts
        for line in series.lines
        if (mean := line.means.get(start)) is not None
    )
    return Chart(config, columns, rows)


def _first_column(step: str) -> str:
    return {"day": _("Day"), "week": _("Week from"), "month": _("Month from")}[step]


def _dataset(line: Line, series: Series, *, color: str) -> dict[str, Any]:
    means = [line.means.get(start) for start in series.starts]
    return {
        "label": line.version.name if len(series.lines) > 1 else _("Mean score"),
        "data": [mean.value if mean else None for mean in means],
        "notes": [_("n = %(n)s") % {"n": number(mean.n)} if mean else "" for mean in means],
        "color": color,
        "spanGaps": True,
    }


def distribution_chart(counts: Sequence[int]) -> Chart:
    labels = [f"{percent(n / BINS, 0)}–{percent((n + 1) / BINS, 0)}" for n in range(BINS)]
    config = {
        "type": "bar",
        "unit": "count",
        "data": {
            "labels": labels,
            "datasets": [{"label": _("Conversations"), "data": list(counts), "color": "chart-1"}],
        },
    }
    rows = tuple((label, number(n)) for label, n in zip(labels, counts, strict=True))
    return Chart(config, (_("Score"), _("Conversations")), rows)


def interval(mean: Mean) -> str:
    return f"{percent(mean.low)}–{percent(mean.high)}" if mean.low is not None else "–"
