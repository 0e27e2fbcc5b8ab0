"""Holds a scorer against people's ratings in a file of JSON lines (.gz too) and prints the agreement as JSON.

A line: {"question": …, "answer": …, "sources": [text, …], "ratings": {"helpfulness": [0–1, one a rater]}, "group": …}
`ratings` may name any dimension, or "overall".
"""

import gzip
import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from analytics import judge, local_scorer
from analytics.agreement import human_agreement, measure_agreement
from analytics.models import Author, Scorer
from analytics.rubric import HOUSE_RUBRIC, Assessment, Dimension
from analytics.transcript import Transcript, Turn
from portal.llm import LlmError
from portal.models import Merchant

OVERALL = "overall"
BATCH = 200


@dataclass(frozen=True, slots=True)
class Case:
    transcript: Transcript
    ratings: Mapping[str, Sequence[float]]
    group: str


class Command(BaseCommand):
    help = "Measures how well a scorer agrees with people's ratings in a file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--scorer", choices=Scorer.values, default=Scorer.LOCAL.value)
        parser.add_argument("--merchant", help="Whose budget pays for the judge (slug).")
        parser.add_argument("--limit", type=int, help="Only so many lines.")

    def handle(
        self, *args: Any, file: Path, scorer: str, merchant: str | None, limit: int | None, **options: Any
    ) -> None:
        cases = read_cases(file)[:limit]
        failures: list[str] = []
        if scorer == Scorer.LLM:
            payer = Merchant.objects.filter(slug=merchant or "").first()
            if payer is None:
                raise CommandError("Name with --merchant who pays for the judge.")
            assessments = score_by_judge(payer, cases, failures)
        else:
            assessments = score_by_batches(cases)
        result = {
            "scorer": scorer,
            "scorer_version": judge.version() if scorer == Scorer.LLM else local_scorer.version(),
            "rubric_version": HOUSE_RUBRIC.version,
            "n": len(cases),
            "n_failed": len(failures),
            "failures": sorted(set(failures)),
            "ratings": compare(cases, assessments),
        }
        self.stdout.write(json.dumps(result, indent=2))


def read_cases(path: Path) -> list[Case]:
    try:
        raw = path.read_bytes()
        lines = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode().splitlines()
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read: {error}.") from error
    cases = []
    for number, line in enumerate(lines, start=1):
        try:
            cases.append(build_case(json.loads(line)))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise CommandError(f"{path}, line {number}: {error!r}") from error
    return cases


def build_case(row: Mapping[str, Any]) -> Case:
    ratings = {str(name): [float(value) for value in values] for name, values in row["ratings"].items() if values}
    if unknown := ratings.keys() - {OVERALL, *Dimension}:
        raise ValueError(f"unknown dimension {', '.join(sorted(unknown))}")
    turns = (Turn(Author.CUSTOMER, row["question"]), Turn(Author.AGENT, row["answer"]))
    return Case(Transcript(turns, sources=tuple(row.get("sources") or ())), ratings, str(row.get("group", "")))


def score_by_batches(cases: Sequence[Case]) -> list[Assessment | None]:
    found: list[Assessment | None] = []
    with tqdm(total=len(cases), file=sys.stderr, unit=" conversations") as bar:
        for start in range(0, len(cases), BATCH):
            found += local_scorer.score_locally([case.transcript for case in cases[start : start + BATCH]])
            bar.update(len(found) - start)
    return found


def score_by_judge(merchant: Merchant, cases: Sequence[Case], failures: list[str]) -> list[Assessment | None]:
    """A failure leaves a hole that is counted; one that the next call would meet too ends the run."""
    found: list[Assessment | None] = []
    for case in tqdm(cases, file=sys.stderr, unit=" conversations"):
        try:
            found.append(judge.judge(merchant, case.transcript, HOUSE_RUBRIC)[0])
        except LlmError as error:
            if error.blocks_others:
                raise CommandError(f"After {len(found)} conversations: {error}") from error
            failures.append(str(error))
            found.append(None)
    return found


def compare(cases: Sequence[Case], assessments: Sequence[Assessment | None]) -> dict[str, Any]:
    pairs = list(zip(cases, assessments, strict=True))
    result: dict[str, Any] = {}
    for name in (OVERALL, *map(str, Dimension)):
        rated = [(case, found) for case, found in pairs if name in case.ratings]
        if not rated:
            continue
        groups = sorted({case.group for case, _found in rated})
        result[name] = {
            "scorer_with_people": asdict(_agreement(rated, name, name)),
            "overall_score_with_people": asdict(_agreement(rated, name, OVERALL)),
            "people_with_people": {
                key: asdict(value) for key, value in human_agreement([case.ratings[name] for case, _f in rated]).items()
            },
            "by_group": {
                group: asdict(_agreement([row for row in rated if row[0].group == group], name, name))
                for group in groups
                if group
            },
        }
    return result


def _agreement(rated: Iterable[tuple[Case, Assessment | None]], name: str, by: str) -> Any:
    scores, labels = [], []
    for case, assessment in rated:
        score = (
            None if assessment is None else assessment.overall if by == OVERALL else assessment.scores[Dimension(by)]
        )
        if score is not None:
            scores.append(score)
            labels.append(fmean(case.ratings[name]))
    return measure_agreement(scores, labels)
