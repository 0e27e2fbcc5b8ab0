"""What a calibration is computed from: labels of the random sample held against the scores of one series."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from django.db import connection

from analytics.calibration import Vector
from analytics.corrections import Series
from analytics.labels import OVERALL, Marked, read_marks
from analytics.models import Label, QualityScore, Stratum
from analytics.rubric import Dimension
from portal.models import Merchant

COLUMNS = (OVERALL, *map(str, Dimension))
# Values of scores are counted to a thousandth: a merchant's million scores become at most 1,001 rows.
FINE = 1_000
_COUNTS = """
    SELECT round({value} * 1000)::int AS thousandths, count(*)
    FROM analytics_qualityscore q JOIN analytics_conversation c ON c.id = q.conversation_id
    WHERE q.merchant_id = %s AND q.scorer = %s AND q.scorer_version = %s AND q.rubric_version = %s
        AND c.exclusion = '' AND {value} IS NOT NULL
    GROUP BY 1 ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Pair:
    """What a scorer and people said of one conversation; `ratings` of each of them, `label` together."""

    conversation_id: int
    score: float
    label: float
    ratings: tuple[float, ...]
    labelled_on: str  # ISO instant: sorts by time


@dataclass(frozen=True, slots=True)
class Material:
    """One dimension of one series. `values` and `counts` are of all its scores that count in rates."""

    series: Series
    dimension: str
    pairs: tuple[Pair, ...]  # by conversation
    values: Vector
    counts: Vector

    @property
    def scores(self) -> Vector:
        return np.array([pair.score for pair in self.pairs])

    @property
    def labels(self) -> Vector:
        return np.array([pair.label for pair in self.pairs])

    @property
    def labels_hash(self) -> str:
        return fingerprint([(p.conversation_id, p.label, p.ratings, p.labelled_on) for p in self.pairs])


def fingerprint(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def read_material(merchant: Merchant) -> Iterator[Material]:
    """Of every series that has scores of a labelled conversation, each dimension that people marked."""
    labelled = Label.objects.for_merchant(merchant).exclude(overall=None).filter(withdrawn_at=None).order_by()
    for rubric_version in sorted(set(labelled.values_list("rubric_version", flat=True))):
        marks = [mark for mark in read_marks(merchant, rubric_version=rubric_version) if mark.stratum == Stratum.RANDOM]
        scores = _read_scores(merchant, rubric_version, [mark.conversation_id for mark in marks])
        for series in sorted(scores):
            for dimension in _dimensions(marks):
                pairs = tuple(pair_up(marks, scores[series], dimension))
                if pairs:
                    yield Material(series, dimension, pairs, *_count_values(merchant, series, dimension))


def _dimensions(marks: Sequence[Marked]) -> list[str]:
    found = {name for mark in marks for name in mark.truth}
    return sorted(found, key=lambda name: (name not in COLUMNS, COLUMNS.index(name) if name in COLUMNS else 0, name))


def pair_up(
    marks: Sequence[Marked], scores: Mapping[int, Mapping[str, float | None]], dimension: str
) -> Iterator[Pair]:
    for mark in marks:
        score = scores.get(mark.conversation_id, {}).get(dimension)
        label = mark.truth.get(dimension)
        if score is not None and label is not None:
            ratings = mark.ratings.get(dimension) or (label,)
            yield Pair(mark.conversation_id, score, label, ratings, mark.labelled_at.isoformat())


def _read_scores(
    merchant: Merchant, rubric_version: str, conversation_ids: Sequence[int]
) -> dict[Series, dict[int, dict[str, float | None]]]:
    """By series and conversation. Uses score_once_per_version."""
    rows = (
        QualityScore.objects.for_merchant(merchant)
        .filter(conversation__in=conversation_ids, rubric_version=rubric_version, conversation__exclusion="")
        .values("conversation_id", "scorer", "scorer_version", "criteria", *COLUMNS)
    )
    found: dict[Series, dict[int, dict[str, float | None]]] = {}
    for row in rows:
        series = (row["scorer"], row["scorer_version"], rubric_version)
        of_one = {name: row[name] for name in COLUMNS} | row["criteria"]
        found.setdefault(series, {})[row["conversation_id"]] = of_one
    return found


def _count_values(merchant: Merchant, series: Series, dimension: str) -> tuple[Vector, Vector]:
    column = f"q.{dimension}" if dimension in COLUMNS else "(q.criteria ->> %s)::float8"
    own = [] if dimension in COLUMNS else [dimension]
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS.format(value=column), [*own, merchant.pk, *series, *own])
        rows = np.array(cursor.fetchall(), dtype=float).reshape(-1, 2)
    return rows[:, 0] / FINE, rows[:, 1]
