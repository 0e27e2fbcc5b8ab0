"""The table of metrics in docs/metrics.md, written from the registry."""

from django.utils.translation import override

from analytics.metrics import METRICS, Better, Unit

START, END = "<!-- registry -->", "<!-- end of registry -->"
COLUMNS = ("key", "name", "unit", "better", "definition", "formula", "version")
WAYS = {Better.UP: "up", Better.DOWN: "down", Better.NEITHER: "–"}
UNITS = {Unit.COUNT: "count", Unit.RATE: "rate (0–1)", Unit.DURATION: "milliseconds", Unit.MONEY: "merchant's currency"}


def with_registry(page: str) -> str:
    """The page with the table between its marks as the registry has it now; in English."""
    before, rest = page.split(START)
    _table, after = rest.split(END)
    with override("en"):
        rows = [
            (
                f"`{metric.key}`",
                metric.name,
                UNITS[metric.unit],
                WAYS[metric.better],
                metric.definition,
                metric.formula,
                metric.version,
            )
            for metric in METRICS.values()
        ]
        table = "\n".join(f"| {' | '.join(map(str, row))} |" for row in (COLUMNS, ["---"] * len(COLUMNS), *rows))
    return f"{before}{START}\n{table}\n{END}{after}"
