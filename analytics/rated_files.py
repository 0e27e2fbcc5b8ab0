"""Files of answers that people rated: JSON lines, .gz too.

A line: {"question": …, "answer": …, "sources": [text, …], "ratings": {"helpfulness": [0–1, one a rater]}, "group": …}
`sources` and `group` may be missing; `ratings` may name any dimension, or "overall". Other fields are passed over.
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
GZIP_MAGIC = b"\x1f\x8b"
N_TOLD = 10  # wrong lines, each with its field and how to put it right


class UnreadableFileError(Exception):
    """Says which lines, which field of each, and what would be right."""


@dataclass(frozen=True, slots=True)
class Case:
    transcript: Transcript
    ratings: Mapping[str, Sequence[float]]
    group: str
    question: str  # with equal spaces and case: the same question is on one side of a split


@dataclass(frozen=True, slots=True)
class RatedFile:
    """`n_repeated` lines said the same as an earlier one, word for word and mark for mark, and count once: they would
    make every interval look narrower than it is."""

    cases: Sequence[Case]
    n_repeated: int


def read_cases(path: Path) -> list[Case]:
    """Raises UnreadableFileError."""
    return list(read_rated_file(path).cases)


def read_rated_file(path: Path) -> RatedFile:
    """Raises UnreadableFileError."""
    cases, faults, seen, n_repeated = [], [], set(), 0
    for number, line in enumerate(_read_lines(path), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            case = _build_case(row)
        except json.JSONDecodeError as error:
            faults.append(f"line {number}: no JSON ({error.msg}, column {error.colno}). Write one object per line.")
            continue
        except (ValueError, RecursionError) as error:
            faults.append(f"line {number}, field {error}")
            continue
        said = json.dumps({name: value for name, value in row.items() if name != "id"}, sort_keys=True)
        if said in seen:
            n_repeated += 1
            continue
        seen.add(said)
        cases.append(case)
    if faults:
        more = f"\n… and {len(faults) - N_TOLD} more lines." if len(faults) > N_TOLD else ""
        raise UnreadableFileError("\n".join(f"{path}, {fault}" for fault in faults[:N_TOLD]) + more)
    if not cases:
        raise UnreadableFileError(f"{path} holds no line: write one JSON object per rated answer.")
    return RatedFile(cases, n_repeated)


def _read_lines(path: Path) -> list[str]:
    """Lines end at a line feed alone: JSON texts may hold the other signs that Unicode calls a line's end."""
    try:
        raw = path.read_bytes()
        # By its first bytes: a packed file may have any name.
        return (gzip.decompress(raw) if raw.startswith(GZIP_MAGIC) else raw).decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        place = raw[: error.start].count(b"\n") + 1 if not raw.startswith(GZIP_MAGIC) else None
        where = f", line {place}" if place else ""
        raise UnreadableFileError(f"{path}{where}: no UTF-8 (byte {error.start}). Save the file as UTF-8.") from error
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableFileError(f"{path} cannot be read: {error}.") from error


def house_of(cases: Sequence[Case]) -> dict[str, str]:
    """The texts that the answers of a file were chosen from, as far as it shows: all that is cited in it, and answers
    that cite nothing."""
    return {text: text for case in cases for turn in case.transcript.turns for text in turn.source_ids}


def _build_case(row: Any) -> Case:
    if not isinstance(row, dict):
        raise ValueError('(the line): is no object. Write {"question": …, "answer": …, "ratings": {…}}.')
    question, answer = _text(row, "question"), _text(row, "answer")
    sources = row.get("sources") or []
    if not isinstance(sources, list) or not all(isinstance(text, str) for text in sources):
        raise ValueError('sources: is no list of texts. Write ["text of the source"], or leave it out.')
    cited = tuple(dict.fromkeys(text for text in sources if text.strip()))
    turns = (Turn(Author.CUSTOMER, question), Turn(Author.AGENT, answer, source_ids=cited or (answer,)))
    ratings = _ratings(row.get("ratings"))
    group = row.get("group")
    return Case(
        Transcript(turns, sources=cited),
        ratings,
        "" if group is None else str(group),
        " ".join(question.casefold().split()),
    )


def _text(row: Mapping[str, Any], field: str) -> str:
    value = row.get(field)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{field}: is {'missing' if field not in row else 'no text'}. Give it words.")
    return value


def _ratings(found: Any) -> dict[str, list[float]]:
    if not isinstance(found, dict):
        raise ValueError('ratings: is no object. Write {"helpfulness": [0.5, 0.75]}.')
    ratings = {}
    for name, values in found.items():
        if name not in {OVERALL, *Dimension}:
            raise ValueError(f"ratings.{name}: is no dimension; there are {', '.join((OVERALL, *Dimension))}.")
        if values is None:
            continue
        if not isinstance(values, list):
            raise ValueError(f"ratings.{name}: is no list. Write [{json.dumps(values)[:20]}], one value per rater.")
        marks = [_mark(name, place, value) for place, value in enumerate(values) if value is not None]
        if marks:
            ratings[name] = marks
    if not ratings:
        raise ValueError("ratings: nobody rated anything. Leave the line out.")
    return ratings


def _mark(name: str, place: int, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError(
            f"ratings.{name}[{place}]: {json.dumps(value)[:40]} is no number from 0 to 1. "
            "Bring the scale to 0–1 (worst 0, best 1), or write null where this rater gave none."
        )
    return float(value)
