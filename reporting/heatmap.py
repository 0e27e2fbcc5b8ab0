"""When customers write: a table of the 168 hours of the week, each the darker the more began in it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from babel.dates import get_day_names
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics.queries import Slice
from portal.templatetags.formats import current_locale, number, percent

N_LEVELS = 6
HOURS = range(24)


@dataclass(frozen=True, slots=True)
class Cell:
    """`level` 0 is empty, N_LEVELS the busiest hour."""

    n: int
    level: int
    label: str


@dataclass(frozen=True, slots=True)
class Row:
    day: str
    short_day: str
    n: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Heatmap:
    rows: tuple[Row, ...]
    busiest: str

    @property
    def hours(self) -> range:
        return HOURS


def build_heatmap(parts: Sequence[Slice]) -> Heatmap | None:
    """`parts`: breakdown by hour_of_week, Monday's first hour first. None where nothing began in the period."""
    most = max(parts, key=lambda part: part.n)
    if not most.n:
        return None
    locale = current_locale()
    names, short = get_day_names("wide", locale=locale), get_day_names("abbreviated", locale=locale)
    rows = []
    for day in range(7):
        of_day = parts[day * 24 : day * 24 + 24]
        cells = tuple(_cell(part, hour, names[day], most.n) for hour, part in zip(HOURS, of_day, strict=True))
        rows.append(Row(names[day], short[day], sum(part.n for part in of_day), cells))
    day, hour = divmod(parts.index(most), 24)
    return Heatmap(tuple(rows), _span(names[day], hour))


def _cell(part: Slice, hour: int, day: str, most: int) -> Cell:
    level = -(-part.n * N_LEVELS // most)
    rate = part.totals.resolution_rate if part.totals else None
    told = {"when": _span(day, hour), "n": number(part.n), "rate": percent(rate)}
    text = ngettext("%(when)s: %(n)s conversation", "%(when)s: %(n)s conversations", part.n)
    text = text if rate is None else text + _(", %(rate)s resolved")
    return Cell(part.n, level, text % told)


def _span(day: str, hour: int) -> str:
    return f"{day} {hour:02d}:00 – {(hour + 1) % 24:02d}:00"
