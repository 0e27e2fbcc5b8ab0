"""The charts of the overview: dataclasses in, Chart.js configs with the same numbers as a table out. Pure."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from babel.dates import format_date
from django.utils.translation import gettext as _

from analytics.charts import Chart
from analytics.queries import Point
from portal.periods import Period
from portal.templatetags.formats import current_locale, local_day, number, percent
from reporting.digest import OutcomeShare
from reporting.marks import Mark, place_marks
from reporting.sentences import OUTCOMES

DAYS_BY_DAY = 45
DAYS_BY_WEEK = 200
# Colours of the tokens: what held is green, what a person had to do amber, what was lost red.
COLORS = {
    "confirmed": "good",
    "assumed": "chart-3",
    "escalated": "chart-2",
    "abandoned": "bad",
    "open": "chart-1",
    "not_involved": "chart-5",
}


def step_of(period: Period) -> str:
    n_days = len(period.days())
    return "day" if n_days <= DAYS_BY_DAY else "week" if n_days <= DAYS_BY_WEEK else "month"


def trend_chart(points: Sequence[Point], *, step: str, marks: Sequence[Mark] = ()) -> Chart:
    labels = [_label(point.start, step) for point in points]
    counts = [point.totals.n_conversations for point in points]
    rates = [point.totals.resolution_rate for point in points]
    notes = [_("%(k)s of %(n)s") % {"k": number(ratio.k), "n": number(ratio.n)} for ratio in _ratios(points)]
    config = {
        "type": "bar",
        "unit": "count",
        "unit2": "percent",
        "data": {
            "labels": labels,
            "datasets": [
                {"label": _("Conversations"), "data": counts, "color": "accent-line", "order": 1},
                {
                    "label": _("Resolution rate"),
                    "type": "line",
                    "data": rates,
                    "notes": notes,
                    "yAxisID": "y2",
                    "color": "chart-3",
                    "order": 0,
                    "tension": 0.25,
                    "fill": False,
                },
            ],
        },
        "options": {"scales": {"y2": {"min": 0, "max": 1}}},
        "marks": place_marks(marks, [point.start for point in points], step=step),
    }
    columns = (_("Start"), _("Conversations"), _("Resolved"), _("Ended"), _("Resolution rate"))
    rows = tuple(
        (label, number(n), number(ratio.k), number(ratio.n), percent(ratio.value))
        for label, n, ratio in zip(labels, counts, _ratios(points), strict=True)
    )
    return Chart(config, columns, rows)


def outcome_chart(outcomes: Sequence[OutcomeShare]) -> Chart:
    labels = [str(OUTCOMES[each.outcome]) for each in outcomes]
    config = {
        "type": "doughnut",
        "unit": "count",
        "data": {
            "labels": labels,
            "datasets": [
                {
                    "data": [each.n for each in outcomes],
                    "notes": [percent(each.share) for each in outcomes],
                    "colors": [COLORS[each.outcome] for each in outcomes],
                }
            ],
        },
        "options": {"cutout": "68%", "plugins": {"legend": {"display": False}}},
    }
    columns = (_("Outcome"), _("Conversations"), _("Share"))
    rows = tuple((label, number(each.n), percent(each.share)) for label, each in zip(labels, outcomes, strict=True))
    return Chart(config, columns, rows)


def _ratios(points: Sequence[Point]) -> list[Any]:
    return [point.totals.resolution for point in points]


def _label(start: date, step: str) -> str:
    return format_date(start, "MMM y", locale=current_locale()) if step == "month" else local_day(start)
