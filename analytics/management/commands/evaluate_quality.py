"""Holds a scorer against people's ratings in a file (analytics/rated_files.py says of what form) and prints the
agreement as JSON. The local scorer's figures are cross-validated and need no merchant."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from analytics import judge, local_scorer
from analytics.additive_model import Matrix
from analytics.features import compute_features
from analytics.house_texts import embed_house
from analytics.models import Scorer
from analytics.rated_files import Case, UnreadableFileError, house_of, read_cases, read_rated_file
from analytics.rubric import HOUSE_RUBRIC, Assessment
from analytics.scorer_evaluation import Variants, compare, local_variants, scores_of
from portal import llm
from portal.embeddings import EmbeddingError
from portal.llm import LlmError
from portal.models import Merchant

BATCH = 200


class Command(BaseCommand):
    help = "Measures how well a scorer agrees with people's ratings in a file. The result is JSON on standard output."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--scorer", choices=Scorer.values, default=Scorer.LOCAL.value)
        parser.add_argument("--train-on", type=Path, help="Another file: the local scorer learns from it alone.")
        parser.add_argument("--merchant", help="Whose budget pays for the judge (slug); the only one where left out.")
        parser.add_argument("--limit", type=positive, help="Only so many lines.")

    def handle(
        self,
        *args: Any,
        file: Path,
        scorer: str,
        train_on: Path | None,
        merchant: str | None,
        limit: int | None,
        **options: Any,
    ) -> None:
        failures: list[str] = []
        if scorer == Scorer.LLM and train_on is not None:
            raise CommandError("--train-on is for the local scorer: the judge learns from no file.")
        try:
            rated = read_rated_file(file)
            cases = rated.cases[:limit]
            if scorer == Scorer.LLM:
                variants = scores_of(judge_all(find_payer(merchant), cases, failures))
            else:
                variants = score_locally(cases, None if train_on is None else read_cases(train_on))
        except (UnreadableFileError, EmbeddingError) as error:
            raise CommandError(str(error)) from error
        with threadpool_limits(1, user_api="blas"):
            ratings = compare(cases, variants)
        result = {
            "scorer": scorer,
            "scorer_version": judge.version() if scorer == Scorer.LLM else local_scorer.version(),
            "rubric_version": HOUSE_RUBRIC.version,
            "n": len(cases),
            "n_questions": len({case.question for case in cases}),
            "n_repeated_lines": rated.n_repeated,
            "n_failed": len(failures),
            "failures": sorted(set(failures)),
            "ratings": ratings,
        }
        self.stdout.write(json.dumps(result, indent=2, allow_nan=False))


def positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise ValueError
    return number


def find_payer(slug: str | None) -> Merchant:
    if not llm.is_configured():
        raise CommandError(
            "The judge needs a language model, and none is configured: set OPENAI_API_KEY (and OPENAI_BASE_URL for "
            "another provider), or measure the local scorer with --scorer local."
        )
    known = {merchant.slug: merchant for merchant in Merchant.objects.order_by("slug")}
    if slug is None and len(known) == 1:
        return next(iter(known.values()))
    if slug not in known:
        told = f"There is no merchant {slug}." if slug else "The judge costs money."
        choice = f" There are: {', '.join(list(known)[:20])}." if known else " There is none yet."
        raise CommandError(f"{told} Name with --merchant who pays for the judge.{choice}")
    return known[slug]


def score_locally(cases: Sequence[Case], teachers: Sequence[Case] | None) -> Variants:
    features = measure(cases, "features")
    other = None if teachers is None else (teachers, measure(teachers, "features to train on"))
    with threadpool_limits(1, user_api="blas"):
        return local_variants(cases, features, other=other)


def measure(cases: Sequence[Case], what: str) -> Matrix:
    house = embed_house(house_of(cases))
    found = []
    with tqdm(total=len(cases), file=sys.stderr, unit=" conversations", desc=what) as bar:
        for start in range(0, len(cases), BATCH):
            batch = [case.transcript for case in cases[start : start + BATCH]]
            found.append(compute_features(batch, house))
            bar.update(len(batch))
    return np.concatenate(found)


def judge_all(merchant: Merchant, cases: Sequence[Case], failures: list[str]) -> list[Assessment | None]:
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
