"""Reads articles from JSON lines; a bad line is reported and the others are kept."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import msgspec


class ArticleLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One article as exchanged with other systems, here and in the REST interface."""

    external_id: str
    title: str
    body: str
    updated_at: datetime
    language: str = "en"
    tags: list[str] = []
    source_url: str = ""

    def __post_init__(self) -> None:
        limits = {"external_id": 128, "title": 200, "language": 16, "source_url": 200}
        for name, limit in limits.items():
            if len(getattr(self, name)) > limit:
                raise ValueError(f"{name} is longer than {limit} characters")
        for name in ("external_id", "title", "body", "language"):
            if not getattr(self, name).strip():
                raise ValueError(f"{name} is empty")
        if self.updated_at.tzinfo is None:
            raise ValueError("updated_at has no time zone")
        if any(not tag or len(tag) > 60 for tag in self.tags):
            raise ValueError("a tag is empty or longer than 60 characters")


@dataclass(frozen=True, slots=True)
class LineError:
    number: int  # from 1
    error: str


def read_lines(lines: Iterable[str]) -> Iterator[ArticleLine | LineError]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield msgspec.convert(json.loads(line), ArticleLine)
        except (json.JSONDecodeError, msgspec.ValidationError) as error:
            yield LineError(number, str(error))
