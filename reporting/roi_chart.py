"""The tornado: what each input alone does to the result, as Chart.js config and as a table."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from analytics.charts import Chart
from portal.costs import SPREAD
from portal.templatetags.formats import money, percent
from reporting.roi_cases import Swing
from reporting.roi_words import INPUT_LABELS, SHORT_LABELS
from reporting.savings import Savings


def sensitivity_chart(swings: Sequence[Swing], savings: Savings, *, currency: str) -> Chart:
    base = savings.roi.savings
    lower, higher = _("%(share)s lower"), _("%(share)s higher")
    share = {"share": percent(SPREAD, 0)}

    def dataset(label: str, end: str, color: str) -> dict[str, object]:
        results = [getattr(swing, end) for swing in swings]
        return {
            "label": label,
            "data": [[float(base), float(result)] for result in results],
            "texts": [money(result, currency) for result in results],
            "color": color,
            "grouped": False,
        }

    config = {
        "type": "bar",
        "unit": "money",
        "currency": currency,
        "data": {
            "labels": [str(SHORT_LABELS[swing.key]) for swing in swings],
            "datasets": [dataset(lower % share, "low", "chart-2"), dataset(higher % share, "high", "chart-3")],
        },
        "options": {"indexAxis": "y", "scales": {"x": {"beginAtZero": False}, "y": {"ticks": {"autoSkip": False}}}},
    }
    rows = tuple(
        (str(INPUT_LABELS[swing.key]), *(money(result, currency) for result in (swing.low, base, swing.high)))
        for swing in swings
    )
    return Chart(config, (_("Input"), lower % share, _("As it is"), higher % share), rows)
