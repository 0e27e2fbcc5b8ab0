"""Files of answers that people rated: JSON lines, .gz too.

A line: {"question": …, "answer": …, "sources": [text, …], "ratings": {"helpfulness": [0–1, one a rater]}, "group": …}
`sources` and `group` may be missing; `ratings` may name any dimension, or "overall".
"""

import gzip
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analytics.models import Author
from analytics.rubric import Dimension
from analytics.transcript import Transcript, Turn

OVERALL = "overall"


class UnreadableFileError(Exception):
    """Says which line and which field."""


@dataclass(frozen=True, slots=True)
class Case:
    transcript: Transcript
    ratings: Mapping[str, Sequence[float]]
    group: str
    question: str  # with equal spaces and case: the same question is on one side of a split


def read_cases(path: Path) -> list[Case]:
    """Raises UnreadableFileError."""
    try:
        raw = path.read_bytes()
        lines = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode().splitlines()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise UnreadableFileError(f"{path} cannot be read: {error}.") from error
    cases = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            cases.append(_build_case(json.loads(line)))
        except json.JSONDecodeError as error:
            raise UnreadableFileError(f"{path}, line {number}: no JSON ({error.msg}, column {error.colno}).") from error
        except ValueError as error:
            raise UnreadableFileError(f"{path}, line {number}, field {error}") from error
    if not cases:
        raise UnreadableFileError(f"{path} holds no line.")
    return cases


def house_of(cases: Sequence[Case]) -> dict[str, str]:
    """The texts that the answers of a file were chosen from, as far as it shows: all that is cited in it, and answers
    that cite nothing."""
    return {text: text for case in cases for turn in case.transcript.turns for text in turn.source_ids}


def _build_case(row: Any) -> Case:
    if not isinstance(row, dict):
        raise ValueError("(the line): is no object.")
    question, answer = _text(row, "question"), _text(row, "answer")
    sources = row.get("sources") or []
    if not isinstance(sources, list) or not all(isinstance(text, str) for text in sources):
        raise ValueError("sources: is no list of texts.")
    cited = tuple(dict.fromkeys(text for text in sources if text.strip()))
    turns = (Turn(Author.CUSTOMER, question), Turn(Author.AGENT, answer, source_ids=cited or (answer,)))
    ratings = _ratings(row.get("ratings"))
    return Case(
        Transcript(turns, sources=cited), ratings, str(row.get("group") or ""), " ".join(question.casefold().split())
    )


def _text(row: Mapping[str, Any], field: str) -> str:
    value = row.get(field)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{field}: is no text.")
    return value


def _ratings(found: Any) -> dict[str, list[float]]:
    if not isinstance(found, dict):
        raise ValueError("ratings: is no object.")
    ratings = {}
    for name, values in found.items():
        if name not in {OVERALL, *Dimension}:
            raise ValueError(f"ratings.{name}: is no dimension; there are {', '.join((OVERALL, *Dimension))}.")
        if not isinstance(values, list):
            raise ValueError(f"ratings.{name}: is no list.")
        for place, value in enumerate(values):
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
                raise ValueError(f"ratings.{name}[{place}]: {value!r} is no number from 0 to 1.")
        if values:
            ratings[name] = [float(value) for value in values]
    if not ratings:
        raise ValueError("ratings: nobody rated anything.")
    return ratings
