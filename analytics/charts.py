"""What a page needs to draw a chart, and to tell the same numbers to whoever does not see it."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Chart:
    """`config` for static/js/charts.js; `columns` and `rows` for whoever reads the numbers instead."""

    config: dict[str, Any]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
