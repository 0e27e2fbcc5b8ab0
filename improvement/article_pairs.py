"""Finds articles that say the same, or different things about the same, and keeps what a person said about them."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import product

import numpy as np
from django.db import transaction
from django.db.models import Q, QuerySet

from improvement.article_claims import Statement, find_difference
from improvement.models import Article, ArticlePair, ArticleStatus, Chunk, PairKind, PairStatus
from improvement.models.article_pair import ArticleComparison
from improvement.search import to_array
from improvement.sentences import split_sentences
from portal.embeddings import Vectors, model_name
from portal.languages import NAMES, content_stems
from portal.models import Merchant

# Passages as near as this may be about the same thing; only they are read word by word.
NEAR = 0.75
# The same passage: as near as this, and most words the same.
SAME = 0.85
SAME_WORDS = 0.6
# So much of the shorter article must stand in the other one, too, and it must have so many words at all.
DUPLICATE_SHARE = 0.7
MIN_WORDS = 15
MAX_EVIDENCE = 5
BLOCK = 512


@dataclass(frozen=True, slots=True)
class Passage:
    article_id: int
    text: str
    context: str  # title and headings
    language: str
    n_words: int
    stems: frozenset[str]


@dataclass(frozen=True, slots=True)
class FoundPair:
    first: int
    second: int
    kind: PairKind
    similarity: float
    evidence: list[list[str]]


def read_pairs(merchant: Merchant, article_ids: Collection[int] | None = None) -> "QuerySet[ArticlePair]":
    """Open pairs, with their articles; of the given articles where some are given."""
    pairs = ArticlePair.objects.for_merchant(merchant).filter(status=PairStatus.OPEN).select_related("first", "second")
    if article_ids is not None:
        pairs = pairs.filter(Q(first__in=article_ids) | Q(second__in=article_ids))
    return pairs


def find_pairs(merchant: Merchant, *, now: datetime) -> int:
    """Compares what changed since the last time with everything; returns how many pairs are open. Safe to repeat."""
    comparison = ArticleComparison.objects.filter(merchant=merchant).first()
    articles = Article.objects.for_merchant(merchant).exclude(live_version=None)
    stamps = dict(articles.values_list("pk", "updated_at"))
    changed = {pk for pk, at in stamps.items() if comparison is None or at > comparison.compared_to}
    if changed:
        passages, vectors = load_passages(merchant)
        found = compare_passages(passages, vectors, changed)
        with transaction.atomic():
            store_pairs(merchant, found, changed, now=now)
            ArticleComparison.objects.update_or_create(
                merchant=merchant, defaults={"compared_to": max(stamps.values())}
            )
    return read_pairs(merchant).count()


def load_passages(merchant: Merchant) -> tuple[list[Passage], Vectors]:
    chunks = Chunk.objects.for_merchant(merchant).filter(
        embedding_model=model_name(), article__status=ArticleStatus.PUBLISHED, position__gt=0
    )
    columns = ("article_id", "text", "heading", "article__title", "article__language", "embedding")
    rows = list(chunks.order_by("article_id", "position").values_list(*columns))
    passages = []
    for article_id, text, heading, title, language, _vector in rows:
        code = language.split("-")[0].lower()
        stems = frozenset(content_stems(text, code)) if code in NAMES else frozenset(text.lower().split())
        passages.append(Passage(article_id, text, f"{title} {heading}", code, len(text.split()), stems))
    return passages, to_array([row[-1] for row in rows])


def compare_passages(passages: list[Passage], vectors: Vectors, changed: Collection[int]) -> list[FoundPair]:
    """Pure. Each pair of articles once, those of `changed` with all others of their language."""
    copied: dict[tuple[int, int], set[int]] = defaultdict(set)  # rows of the first article that the second has, too
    evidence: dict[tuple[int, int], list[list[str]]] = defaultdict(list)
    for row, other, closeness in near_rows(passages, vectors, changed):
        one, two = passages[row], passages[other]
        if one.language != two.language:
            continue
        if closeness >= SAME and share_words(one, two) >= SAME_WORDS:
            copied[one.article_id, two.article_id].add(row)
            copied[two.article_id, one.article_id].add(other)
        key = (min(one.article_id, two.article_id), max(one.article_id, two.article_id))
        ordered = (one, two) if one.article_id == key[0] else (two, one)
        for found in compare_sentences(*ordered):
            if found not in evidence[key]:
                evidence[key].append(found)
    sizes: dict[int, int] = defaultdict(int)
    for passage in passages:
        sizes[passage.article_id] += passage.n_words
    contradictions = [
        FoundPair(*key, PairKind.CONTRADICTION, 1.0, rows[:MAX_EVIDENCE]) for key, rows in evidence.items() if rows
    ]
    return contradictions + find_duplicates(
        passages, copied, sizes, apart={(f.first, f.second) for f in contradictions}
    )


def find_duplicates(
    passages: list[Passage],
    copied: dict[tuple[int, int], set[int]],
    sizes: dict[int, int],
    *,
    apart: Collection[tuple[int, int]],
) -> list[FoundPair]:
    """Those that contradict each other are told as such alone."""
    found = []
    for first, second in sorted({(min(pair), max(pair)) for pair in copied}):
        shorter, longer = sorted((first, second), key=lambda pk: (sizes[pk], pk))
        rows = sorted(copied[shorter, longer])
        share = sum(passages[row].n_words for row in rows) / max(sizes[shorter], 1)
        if share >= DUPLICATE_SHARE and sizes[shorter] >= MIN_WORDS and (first, second) not in apart:
            examples = [[passages[row].text, "", ""] for row in rows[:MAX_EVIDENCE]]
            found.append(FoundPair(first, second, PairKind.DUPLICATE, round(share, 3), examples))
    return found


def near_rows(passages: list[Passage], vectors: Vectors, changed: Collection[int]) -> Iterator[tuple[int, int, float]]:
    """Rows of changed articles with the near rows of other articles; between two changed ones each pair once."""
    owners = np.array([passage.article_id for passage in passages], dtype=np.int64)
    is_changed = np.isin(owners, list(changed))
    rows = np.flatnonzero(is_changed)
    for start in range(0, len(rows), BLOCK):
        block = rows[start : start + BLOCK]
        cosines = vectors[block] @ vectors.T
        near = (cosines >= NEAR) & (owners[block][:, None] != owners[None, :])
        near &= ~is_changed[None, :] | (block[:, None] < np.arange(len(owners))[None, :])
        for at, other in np.argwhere(near).tolist():
            yield int(block[at]), other, float(cosines[at, other])


def share_words(one: Passage, two: Passage) -> float:
    union = one.stems | two.stems
    return len(one.stems & two.stems) / len(union) if union else float(one.text == two.text)


def compare_sentences(one: Passage, two: Passage) -> Iterator[list[str]]:
    for first, second in product(split_sentences(one.text), split_sentences(two.text)):
        statements = (Statement(first, one.context, one.language), Statement(second, two.context, two.language))
        if difference := find_difference(*statements):
            yield [first, second, difference]


def store_pairs(merchant: Merchant, found: list[FoundPair], changed: Collection[int], *, now: datetime) -> None:
    """What a person dismissed stays so while the evidence is the same."""
    pairs = ArticlePair.objects.for_merchant(merchant).select_for_update()
    known = {
        (pair.first_id, pair.second_id, pair.kind): pair
        for pair in pairs.filter(Q(first__in=changed) | Q(second__in=changed))
    }
    kept = set()
    for one in found:
        pair = known.get((one.first, one.second, one.kind))
        if pair is not None:
            kept.add(pair.pk)
            if pair.evidence == one.evidence:
                continue
        pair = pair or ArticlePair(merchant=merchant, first_id=one.first, second_id=one.second, kind=one.kind)
        pair.similarity, pair.evidence, pair.found_at = one.similarity, one.evidence, now
        pair.status, pair.dismissed_by, pair.dismissed_at = PairStatus.OPEN, None, None
        pair.save()
    ArticlePair.objects.filter(pk__in={pair.pk for pair in known.values()} - kept).delete()
