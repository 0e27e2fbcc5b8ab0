"""The return on investment as rows for a spreadsheet: machine-readable numbers with a dot, one fact a row."""

import csv
import io
from collections.abc import Iterator
from decimal import Decimal

from portal.costs import Cost
from reporting.roi import Mode
from reporting.roi_cases import RESOLUTIONS
from reporting.roi_page import RoiPage, cents_of

COLUMNS = ("part", "key", "label", "quantity", "each", "amount", "source")
Row = tuple[object, ...]
# A spreadsheet would take such a text for a formula.
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


def write_roi_csv(page: RoiPage, *, by: str) -> str:
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for row in _rows(page, by):
        writer.writerow([_cell(value) for value in row])
    return file.getvalue()


def _rows(page: RoiPage, by: str) -> Iterator[Row]:
    yield from _about(page, by)
    for line, row in zip(page.roi.lines, page.lines, strict=True):
        sources = " + ".join(line.sources)
        yield "result", line.key, row.label, line.quantity, line.unit_amount, row.amount, sources
    yield "result", "savings", "Result", None, None, page.amount, None
    for each in page.cases.ranges:
        if each.key == RESOLUTIONS:
            yield "input", each.key, "Resolutions that count", each.base, None, None, "measured"
        else:
            cost: Cost = getattr(page.savings.counts.costs, each.key)
            cost = page.roi.ai_cost if each.key == "ai_cost_per_conversation" else cost
            yield "input", each.key, None, None, cost.value, None, cost.source.value
    for case, column in zip(page.cases, page.case_columns, strict=True):
        yield f"case {case.name}", "savings", None, None, None, column.savings, None
        for each in page.cases.ranges:
            yield f"case {case.name}", each.key, None, None, case.value_of(each.key), None, each.reason.value
    cents = cents_of(page.merchant)
    for swing in page.swings:
        yield "sensitivity", f"{swing.key} lower", None, None, None, swing.low.quantize(cents), None
        yield "sensitivity", f"{swing.key} higher", None, None, None, swing.high.quantize(cents), None
    yield "seed formula", "savings", None, None, None, page.seed_amount, None
    for step, row_of_step in zip(page.difference.steps, page.steps, strict=True):
        yield "seed formula to honest", step.key, row_of_step.label, None, None, row_of_step.amount, None
    yield "seed formula to honest", "savings", None, None, None, page.honest_amount, None


def _about(page: RoiPage, by: str) -> Iterator[Row]:
    days, roi = page.savings.period.days(), page.roi
    facts = {
        "merchant": page.merchant.name,
        "currency": page.merchant.currency,
        "first_day": days[0],
        "last_day": days[-1],
        "way_of_counting": roi.mode.value,
        "is_provisional": page.savings.is_provisional,
        "is_saved": not page.asked.is_preview,
        "written_at": page.asked.now.isoformat(timespec="seconds"),
        "written_by": by,
        "return_per_unit_spent": roi.roi,
        "break_even_rate": roi.break_even_rate if roi.mode is Mode.HONEST else None,
        "break_even_agent_cost": roi.break_even_agent_cost,
        "payback_days": roi.payback_days,
        "human_baseline": roi.human_baseline,
    }
    for key, value in facts.items():
        yield "about", key, value, None, None, None, None


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{round(value, 6).normalize():f}" if value % 1 else f"{value:f}"
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA_SIGNS) else text
