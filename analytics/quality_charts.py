"""The charts of the quality page: results in, Chart.js configs with the same numbers as a table out. Pure."""

from collections.abc import Sequence
from datetime import date

from django.utils.translation import gettext as _

from analytics.charts import Chart
from analytics.quality import Mean
from analytics.quality_sums import BINS
from portal.templatetags.formats import local_day, number, percent


def weekly_chart(weeks: Sequence[tuple[date, Mean]]) -> Chart:
    labels = [local_day(week) for week, _mean in weeks]
    notes = [_("n = %(n)s") % {"n": number(mean.n)} for _week, mean in weeks]
    means = {
        "label": _("Mean score"),
        "data": [mean.value for _week, mean in weeks],
        "notes": notes,
        "color": "chart-1",
    }
    config = {
        "type": "line",
        "unit": "percent",
        "data": {"labels": labels, "datasets": [means]},
        "options": {"scales": {"y": {"min": 0, "max": 1}}},
    }
    columns = (_("Week from"), _("Mean score"), _("95% interval"), _("Conversations"))
    rows = tuple(
        (label, percent(mean.value), interval(mean), number(mean.n))
        for label, (_week, mean) in zip(labels, weeks, strict=True)
    )
    return Chart(config, columns, rows)


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
