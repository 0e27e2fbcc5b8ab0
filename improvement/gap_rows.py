"""Writes what a refresh found into gaps and questions. What a person changed meanwhile stays as that person wanted."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from improvement.clustering import centroid, find_common, subtract_common
from improvement.gap_assigning import Assignment, Memory
from improvement.gap_joining import GapIds, group_rows, measure_core
from improvement.gap_phrases import N_CANDIDATES, Naming, choose_names
from improvement.gap_questions import find_typical
from improvement.gap_reopening import reopen_asked_again
from improvement.keyphrases import build_names, name_topics
from improvement.models import ArticleVersion, Draft, Gap, GapStatus
from improvement.neighbours import Indexes
from improvement.stream import Stream
from portal.embeddings import Vectors, model_name
from portal.models import Merchant

# Words are counted in a sample: more questions make no better name.
MAX_NAMED_BY, MAX_CONTRAST = 300, 3000
MAX_READ = 2000  # characters of an article, for how words are used

# One statement for all rows; by primary key. Who was moved by a person since the questions were read stays there.
_MOVE = """
    UPDATE improvement_question q SET gap_id = coalesce(g.merged_into_id, g.id)
    FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS moved(id, was, gap_id)
    LEFT JOIN improvement_gap g ON g.id = moved.gap_id
    WHERE q.id = moved.id AND q.gap_id IS NOT DISTINCT FROM nullif(moved.was, 0)
"""


def store_assignment(
    merchant: Merchant, stream: Stream, memory: Memory, assignment: Assignment, is_covered: NDArray[np.bool_]
) -> list[Gap]:
    """Returns the new gaps."""
    gap_of = assignment.gap_of.copy()
    gaps = list(Gap.objects.for_merchant(merchant).order_by("pk"))
    covered = np.flatnonzero(is_covered)
    new = create_gaps(merchant, stream, assignment.new_groups, covered, [gap.name for gap in gaps])
    for gap, rows in zip(new, assignment.new_groups, strict=True):
        gap_of[rows] = gap.pk
    move_questions(stream, memory.member_of, gap_of)
    rows_of = group_rows(gap_of)
    describe_gaps(stream, gaps, rows_of)
    for gap in gaps:
        reopen_asked_again(gap, [stream.asked[row] for row in rows_of.get(gap.pk, [])])
    close_answered(gaps, memory.member_of, is_covered, rows_of)
    return new


def create_gaps(
    merchant: Merchant, stream: Stream, groups: Sequence[Indexes], covered: Indexes, taken: Sequence[str]
) -> list[Gap]:
    common = find_common([stream.vectors])
    namings = name_groups(merchant, stream, groups, covered)
    names = build_names([naming.options for naming in namings], taken=taken)
    new = [
        Gap(merchant=merchant, name=name, keyphrases=naming.phrases, **measure_gap(stream, rows, common))
        for name, naming, rows in zip(names, namings, groups, strict=True)
    ]
    return Gap.objects.bulk_create(new)


def name_groups(merchant: Merchant, stream: Stream, groups: Sequence[Indexes], covered: Indexes) -> list[Naming]:
    """Covered questions are the contrast, so that names tell topics apart."""
    if not groups:
        return []
    rows = [group[-MAX_NAMED_BY:] for group in groups]
    texts = [[stream.asked[row].text for row in group.tolist()] for group in rows]
    contrast = [stream.asked[row].text for row in covered[-MAX_CONTRAST:].tolist()]
    live = ArticleVersion.objects.filter(article__merchant=merchant, article__live_version=F("pk")).order_by("pk")
    articles = [text[:MAX_READ] for text in live.values_list("body", flat=True)[:MAX_CONTRAST]]
    phrases = name_topics(texts, contrast, articles=articles, most=N_CANDIDATES)
    sentences = [find_typical(asked, stream.vectors[group]) for asked, group in zip(texts, rows, strict=True)]
    return choose_names(phrases, sentences, [centroid(stream.vectors[group]) for group in groups])


def measure_gap(stream: Stream, rows: Indexes, common: Vectors) -> dict[str, Any]:
    """What follows from the questions alone."""
    moments = [stream.asked[row].asked_at for row in (int(rows.min()), int(rows.max()))]
    _centre, spread = measure_core(subtract_common(stream.vectors[rows], common))
    return {
        "centroid": centroid(stream.vectors[rows]),
        "embedding_model": model_name(),
        "spread": spread,
        "first_asked_at": moments[0],
        "last_asked_at": moments[1],
    }


def move_questions(stream: Stream, before: GapIds, after: GapIds) -> None:
    rows = np.flatnonzero(before != after)
    ids = [stream.asked[row].question_id for row in rows.tolist()]
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, [ids, before[rows].tolist(), after[rows].tolist()])


def describe_gaps(stream: Stream, gaps: Sequence[Gap], rows_of: dict[int, Indexes]) -> None:
    """Only gaps whose questions are others now; the status may be changing under a reviewer's hand right now."""
    common = find_common([stream.vectors])
    changed: list[Gap] = []
    for gap in gaps:
        rows = rows_of.get(gap.pk)
        if rows is None:
            continue
        measured = measure_gap(stream, rows, common)
        measured["first_asked_at"] = min(gap.first_asked_at, stream.asked[int(rows.min())].asked_at)
        if gap.spread is not None and np.allclose(gap.centroid, measured["centroid"], atol=1e-6):
            continue
        for name, value in measured.items():
            setattr(gap, name, value)
        gap.updated_at = timezone.now()
        changed.append(gap)
    fields = ["centroid", "embedding_model", "spread", "first_asked_at", "last_asked_at", "updated_at"]
    Gap.objects.bulk_update(changed, fields, batch_size=200)


def close_answered(
    gaps: Sequence[Gap], before: GapIds, is_covered: NDArray[np.bool_], rows_of: dict[int, Indexes]
) -> None:
    """An open gap that lost its questions because they are covered now has been addressed by somebody."""
    with_draft = set(Draft.objects.filter(gap__in=[gap.pk for gap in gaps]).values_list("gap_id", flat=True))
    for gap in gaps:
        former = before == gap.pk
        if not gap.is_open or gap.pk in rows_of or gap.pk in with_draft or not former.any():
            continue
        if is_covered[former].mean() > 0.5:
            gap.move_to(GapStatus.ADDRESSED, _("The knowledge base answers these questions now."))
