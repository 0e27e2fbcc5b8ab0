"""CSV as spreadsheets save it: commas, semicolons or tabs, with or without the mark in front. Pure."""

import csv
import io
import re
from collections.abc import Iterator

MAX_CELL = 1_000_000
csv.field_size_limit(MAX_CELL)
# The line by which Excel is told what parts the cells.
_SEPARATOR = re.compile(r'"?sep=(?P<sign>[^\r\n"])"?[ ,;\t]*\r?\n', re.I)
_QUOTED = re.compile(r'"(?:[^"]|"")*"')


class CsvError(Exception):
    """From this line on it is no CSV. `column` counts from 0; None where it is not one cell's fault."""

    def __init__(self, line: int, message: str, column: int | None = None) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


def read_rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not empty, with the number of the line on which it begins; the header is the first. What
    separates the cells is said by Excel's `sep=` in the first line, or by the header. Raises CsvError."""
    text = text.lstrip("\ufeff")
    said = _SEPARATOR.match(text)
    # Line ends alone, so that the numbers of the lines stay.
    text = "\n" + text[said.end() :] if said else text
    header = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = said["sign"] if said else max(",;\t", key=header.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = rows.line_num + 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            rest = "".join(io.StringIO(text, newline="").readlines()[line - 1 :])
            column, message = find_quote_fault(rest, delimiter) or (None, str(error))
            raise CsvError(line, message, column) from None
        if any(cell.strip() for cell in row):
            yield line, row


def find_quote_fault(rest: str, delimiter: str) -> tuple[int, str] | None:
    """In the row that `rest` begins with: the cell, from 0, whose quotes go wrong, and what to do."""
    at = column = 0
    ends = f"{delimiter}\r\n"
    while at < len(rest) and rest[at] not in "\r\n":
        if rest[at] == '"':
            quoted = _QUOTED.match(rest, at)
            if quoted is None:
                return column, 'a " opens the cell and none closes it; add it at the end of the cell'
            at = quoted.end()
            if at < len(rest) and rest[at] not in ends:
                return column, 'the cell goes on after its closing "; write a " inside of it twice: ""'
        while at < len(rest) and rest[at] not in ends:
            at += 1
        if at < len(rest) and rest[at] == delimiter:
            at, column = at + 1, column + 1
    return None


def read_names(header: list[str]) -> list[str]:
    """As columns are named here, however they were typed."""
    return [name.strip().lower().replace(" ", "_") for name in header]
