"""The charts of the page about agreement: findings in, Chart.js configs with the same numbers as a table out. Pure."""

from collections.abc import Sequence
from math import floor, sqrt
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics.charts import Chart
from analytics.models import Calibration
from portal.templatetags.formats import local_date, number, percent

STEPS = 5
_SMALLEST = 4  # pixels


def scatter_chart(points: Sequence[Sequence[float]], curve: Sequence[float] | None) -> Chart:
    """A circle for each pair of score and label, its area by how many conversations have both; as a table by fifths."""
    datasets: list[dict[str, Any]] = [
        {
            "label": _("Conversations"),
            "data": [{"x": x, "y": y, "r": round(_SMALLEST * sqrt(n), 1)} for x, y, n in points],
            "texts": [_point_text(x, y, int(n)) for x, y, n in points],
            "color": "chart-1",
            "clip": False,  # circles on the border are seen whole
            "order": 3,
        },
        _line(_("Score and people agree"), [(0, 0), (1, 1)], color="ink-3", dashed=True),
    ]
    if curve:
        knots = [(n / (len(curve) - 1), value) for n, value in enumerate(curve) if n % 5 == 0]
        datasets.append(_line(_("Calibration curve"), knots, color="chart-2"))
    axes = {"x": _("Score"), "y": _("People")}
    scales = {
        axis: {"type": "linear", "min": 0, "max": 1, "title": {"display": True, "text": text}}
        for axis, text in axes.items()
    }
    config = {"type": "bubble", "unit": "percent", "data": {"datasets": datasets}, "options": {"scales": scales}}
    columns = (_("Score"), *(_("People: %(mark)s") % {"mark": percent(n / (STEPS - 1), 0)} for n in range(STEPS)))
    return Chart(config, columns, tuple(_count_by_fifths(points)))


def _point_text(x: float, y: float, n: int) -> str:
    text = ngettext(
        "score %(score)s, people %(label)s (%(n)s conversation)",
        "score %(score)s, people %(label)s (%(n)s conversations)",
        n,
    )
    return text % {"score": percent(x, 0), "label": percent(y, 0), "n": number(n)}


def _line(label: str, points: Sequence[tuple[float, float]], *, color: str, dashed: bool = False) -> dict[str, Any]:
    rows = [{"x": x, "y": y} for x, y in points]
    return {"type": "line", "label": label, "data": rows, "color": color, "dashed": dashed, "fill": False, "order": 1}


def _count_by_fifths(points: Sequence[Sequence[float]]) -> list[tuple[str, ...]]:
    counts = [[0] * STEPS for _row in range(STEPS)]
    for score, label, n in points:
        counts[min(STEPS - 1, int(score * STEPS))][floor(label * (STEPS - 1) + 0.5)] += int(n)
    return [
        (f"{percent(row / STEPS, 0)}–{percent((row + 1) / STEPS, 0)}", *(number(n) for n in counts[row]))
        for row in range(STEPS)
    ]


def history_chart(history: Sequence[Calibration]) -> Chart:
    """Spearman's correlation as it was measured, with its interval."""
    found = [(row, row.findings["agreement"]) for row in history]
    labels = [local_date(row.computed_at) for row, _agreement in found]
    names = {"spearman": _("Spearman"), "spearman_low": _("Lower bound"), "spearman_high": _("Upper bound")}
    datasets = [
        {
            "label": label,
            "data": [agreement[name] for _row, agreement in found],
            "notes": [_("n = %(n)s") % {"n": number(row.n)} for row, _agreement in found],
            "color": "chart-1" if name == "spearman" else "ink-3",
            "dashed": name != "spearman",
        }
        for name, label in names.items()
    ]
    config = {
        "type": "line",
        "unit": "count",
        "data": {"labels": labels, "datasets": datasets},
        "options": {"scales": {"y": {"max": 1}}},
    }
    rows = tuple(
        (label, number(row.n), *(number(agreement[name], 2) for name in names))
        for label, (row, agreement) in zip(labels, found, strict=True)
    )
    return Chart(config, (_("Measured on"), _("Labels"), *names.values()), rows)
