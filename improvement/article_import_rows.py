"""Articles from tables and lines: CSV with a header, or one JSON object per line. Pure."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import datetime

import msgspec

from improvement.article_import_found import Found, Read, Refused, derive_id, read_moment
from improvement.article_import_markdown import read_tags

COLUMNS = ("external_id", "title", "body", "language", "audience", "tags", "source_url", "updated_at")
NEEDED = ("title", "body")
MAX_CELL = 1_000_000
csv.field_size_limit(MAX_CELL)


class JsonArticle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One article as exchanged with other systems, here and in the REST interface."""

    external_id: str
    title: str
    body: str
    updated_at: datetime
    language: str | None = None
    audience: str | None = None
    tags: tuple[str, ...] | None = None
    source_url: str | None = None

    def __post_init__(self) -> None:
        if self.updated_at.tzinfo is None:
            raise ValueError("updated_at has no time zone")


def read_jsonl(place: str, text: str) -> Iterator[Read]:
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), start=1):
        if not line.strip():
            continue
        where = f"{place}, line {number}"
        try:
            article = msgspec.convert(json.loads(line), JsonArticle)
        except (json.JSONDecodeError, msgspec.ValidationError, RecursionError) as error:
            yield Refused(where, "", str(error)[:250])
        else:
            yield Found(where, **msgspec.structs.asdict(article))


def read_csv(place: str, text: str, collection: str) -> Iterator[Read]:
    """Separated by commas, semicolons or tabs. Without external_id the title stands for the article."""
    text = text.lstrip("\ufeff")
    header = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=header.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    names: list[str] | None = None
    while True:
        line = rows.line_num + 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield Refused(f"{place}, line {line}", "", f"no CSV: {error}")
            return
        if names is None:
            names = [name.strip().lower().replace(" ", "_") for name in row]
            if fault := find_column_fault(names):
                yield Refused(f"{place}, line 1", "", fault)
                return
        elif any(cell.strip() for cell in row):
            yield read_row(f"{place}, line {line}", names, row, collection)


def find_column_fault(names: list[str]) -> str:
    if missing := [name for name in NEEDED if name not in names]:
        return f"the first line names no column {' and no '.join(missing)}"
    if unknown := [name for name in names if name not in COLUMNS]:
        return f"unknown column {', '.join(unknown)}; known are {', '.join(COLUMNS)}"
    if len(set(names)) < len(names):
        return "a column is there twice"
    return ""


def read_row(place: str, names: list[str], row: list[str], collection: str) -> Read:
    if len(row) != len(names):
        return Refused(place, "", f"{len(row)} cells, but the first line names {len(names)} columns")
    cells = {name: cell.strip() for name, cell in zip(names, row, strict=True)}
    external_id = cells.get("external_id") or derive_id(collection, cells["title"].replace("/", " "))
    try:
        updated_at = read_moment(cells["updated_at"]) if cells.get("updated_at") else None
    except ValueError:
        return Refused(place, "updated_at", f"“{cells['updated_at']}” is no date", external_id)
    return Found(
        place=place,
        external_id=external_id,
        title=cells["title"],
        body=cells["body"],
        language=cells.get("language") or None,
        audience=cells.get("audience") or None,
        tags=read_tags(cells["tags"]) if "tags" in cells else None,
        source_url=cells.get("source_url") or None,
        updated_at=updated_at,
    )
