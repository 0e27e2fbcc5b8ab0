"""Articles from tables and lines: CSV with a header, or one JSON object per line. Pure."""

import json
from collections.abc import Iterator
from datetime import datetime

import msgspec

from improvement.article_import_found import Found, Read, Refused, derive_id, read_moment
from improvement.article_import_html import convert_fragment, is_html
from improvement.article_import_markdown import read_tags
from portal.csv_rows import CsvError, read_names, read_rows

COLUMNS = ("external_id", "title", "body", "language", "audience", "tags", "source_url", "updated_at")
NEEDED = ("title", "body")


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
    """Without external_id the title stands for the article. A body in HTML becomes Markdown."""
    names: list[str] = []
    try:
        for line, row in read_rows(text):
            where = f"{place}, line {line}"
            if names:
                yield read_row(where, names, row, collection)
                continue
            names = read_names(row)
            if fault := find_column_fault(names):
                yield Refused(where, *fault)
                return
    except CsvError as error:
        field = "" if error.column is None else name_column(names, error.column)
        yield Refused(f"{place}, line {error.line}", field, f"no CSV: {error}")
        return
    if not names:
        reason = (
            f"the file is empty; write a line that names the columns ({', '.join(NEEDED)}), then one for each article"
        )
        yield Refused(f"{place}, line 1", "", reason)


def find_column_fault(names: list[str]) -> tuple[str, str] | None:
    """The column, and what is wrong with it."""
    if missing := [name for name in NEEDED if name not in names]:
        reason = f"the first line names no column {' and no '.join(missing)}; add it, or rename the one that is it"
        return missing[0], reason
    if unknown := [name for name in names if name not in COLUMNS]:
        reason = f"unknown column {', '.join(unknown)}; take it out, or rename it to one of {', '.join(COLUMNS)}"
        return unknown[0], reason
    if twice := [name for name in COLUMNS if names.count(name) > 1]:
        return twice[0], "the column is there twice; take one out"
    return None


def name_column(names: list[str], column: int) -> str:
    return names[column] if column < len(names) else f"column {column + 1}"


def read_row(place: str, names: list[str], row: list[str], collection: str) -> Read:
    if len(row) != len(names):
        reason = (
            f"{len(row)} cells, but the first line names {len(names)} columns; put a cell with a separator in quotes"
        )
        return Refused(place, name_column(names, min(len(row), len(names))), reason)
    cells = {name: cell.strip() for name, cell in zip(names, row, strict=True)}
    external_id = cells.get("external_id") or derive_id(collection, cells["title"].replace("/", " "))
    try:
        updated_at = read_moment(cells["updated_at"]) if cells.get("updated_at") else None
    except ValueError:
        reason = f"“{cells['updated_at'][:40]}” is no date; write 2026-11-23 or 2026-11-23T08:30:00+01:00"
        return Refused(place, "updated_at", reason, external_id)
    body, source_url = cells["body"], cells.get("source_url") or None
    return Found(
        place=place,
        external_id=external_id,
        title=cells["title"],
        body=convert_fragment(body, source_url or "") if is_html(body) else body,
        language=cells.get("language") or None,
        audience=cells.get("audience") or None,
        tags=read_tags(cells["tags"]) if "tags" in cells else None,
        source_url=source_url,
        updated_at=updated_at,
    )
