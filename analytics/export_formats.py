"""Rows of numbers as CSV, JSON or one JSON object per line, piece by piece: memory does not grow with their number."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.http import StreamingHttpResponse

from portal.models import Merchant
from portal.periods import Period

ROWS_AT_ONCE = 500
BOM = "\ufeff"
# What a spreadsheet would take for a formula (OWASP, CSV injection), also in the full-width forms.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class Format(StrEnum):
    CSV = "csv"
    JSON = "json"
    NDJSON = "ndjson"


CONTENT_TYPES = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.JSON: "application/json",
    Format.NDJSON: "application/x-ndjson",
}
Row = Sequence[Any]


def export_response(
    merchant: Merchant,
    period: Period,
    rows: Iterable[Row],
    *,
    what: str,
    columns: Sequence[str],
    kind: Format,
    for_spreadsheets: bool = False,
) -> StreamingHttpResponse:
    """The file as a download, named after the days that it is about."""
    days = period.days()
    name = f"{merchant.slug}-{what}-{days[0]}-to-{days[-1]}"
    return file_response(merchant, rows, name=name, columns=columns, kind=kind, for_spreadsheets=for_spreadsheets)


def file_response(
    merchant: Merchant,
    rows: Iterable[Row],
    *,
    name: str,
    columns: Sequence[str],
    kind: Format,
    for_spreadsheets: bool = False,
) -> StreamingHttpResponse:
    """`for_spreadsheets` puts the mark in front of CSV without which Excel misreads UTF-8."""
    chunks = ENCODERS[kind](columns, rows, merchant.zone)
    if for_spreadsheets and kind is Format.CSV:
        chunks = _after(BOM.encode(), chunks)
    response = StreamingHttpResponse(chunks, content_type=CONTENT_TYPES[kind])
    response["Content-Disposition"] = f'attachment; filename="{name}.{kind.value}"'
    response["X-Accel-Buffering"] = "no"  # nginx passes it on as it comes
    return response


def _after(first: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from chunks


def encode_csv(columns: Sequence[str], rows: Iterable[Row], zone: ZoneInfo) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(columns)
    for some in _portions(rows):
        writer.writerows([[_cell(value, zone) for value in row] for row in some])
        yield _take(buffer)
    if rest := _take(buffer):
        yield rest


def _take(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


def _cell(value: Any, zone: ZoneInfo) -> Any:
    """Empty where unknown. Only texts can be formulas: a number may well start with a minus."""
    if isinstance(value, str):
        return f"'{value}" if value.lstrip(" ").startswith(FORMULA_STARTS) else value
    if isinstance(value, bool):
        return "true" if value else "false"
    return _plain(value, zone)


def text_of_cell(cell: str) -> str:
    """What was written, without the sign that `_cell` put in front of it."""
    return cell[1:] if cell.startswith("'") and cell[1:].lstrip(" ").startswith(FORMULA_STARTS) else cell


def encode_ndjson(columns: Sequence[str], rows: Iterable[Row], zone: ZoneInfo) -> Iterator[bytes]:
    for some in _portions(rows):
        yield b"".join(_object(columns, row, zone) + b"\n" for row in some)


def encode_json(columns: Sequence[str], rows: Iterable[Row], zone: ZoneInfo) -> Iterator[bytes]:
    start = b"["
    for some in _portions(rows):
        yield start + b",\n".join(_object(columns, row, zone) for row in some)
        start = b",\n"
    yield b"]\n" if start != b"[" else b"[]\n"


ENCODERS = {Format.CSV: encode_csv, Format.JSON: encode_json, Format.NDJSON: encode_ndjson}


def _object(columns: Sequence[str], row: Row, zone: ZoneInfo) -> bytes:
    return msgspec.json.encode(dict(zip(columns, (_plain(value, zone) for value in row), strict=True)))


def _plain(value: Any, zone: ZoneInfo) -> Any:
    """Moments in the merchant's zone with their offset, dates as dates."""
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat()
    return value.isoformat() if isinstance(value, date) else value


def _portions(rows: Iterable[Row]) -> Iterator[list[Row]]:
    some: list[Row] = []
    for row in rows:
        some.append(row)
        if len(some) == ROWS_AT_ONCE:
            yield some
            some = []
    if some:
        yield some
