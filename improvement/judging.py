"""Judges a merchant's questions against its knowledge base and stores what came out."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import F
from numpy.typing import NDArray

from improvement.agent_signals import N_LEVELS, Kind, Signal, Signals, weigh_each
from improvement.coverage_features import NAMES, Base, Questions
from improvement.coverage_model import Judgement, Learned, judge
from improvement.coverage_reasons import sum_by_group
from improvement.coverage_update import judge_new
from improvement.models import ArticleVersion, Reading
from improvement.neighbours import Indexes, nearest
from improvement.question_marks import read_question_marks
from improvement.question_requests import Laid, fold, lay_out, speak_for
from improvement.search import KnowledgeBase, load_knowledge_base
from improvement.spelling import correct_spelling
from improvement.stream import Stream
from portal.embeddings import model_name
from portal.models import Merchant

# A difference that no page shows is not written.
WORTH_WRITING = 0.005
# Until then new questions are judged by what was learned; a change of articles or marks starts anew at once.
LEARNED_ANEW_EVERY = timedelta(days=7)
MAX_SHARE_NEW = 0.1

# One statement for all rows; by primary key. The reasons stand in the order of coverage_reasons.Group, the signals in
# that of agent_signals.Kind.
_STORE = """
    UPDATE improvement_question q
    SET coverage_probability = j.probability, is_covered = j.is_covered, own_probability = j.own,
        nearest_article_id = j.article_id, nearest_similarity = j.similarity,
        coverage_reasons = ARRAY[j.articles, j.questions, j.words, j.topic],
        coverage_signals = ARRAY[j.sources, j.confidence, j.asked_again, j.rating]
    FROM unnest(
            %s::bigint[], %s::float8[], %s::bool[], %s::float8[], %s::bigint[], %s::float8[],
            %s::float8[], %s::float8[], %s::float8[], %s::float8[],
            %s::float8[], %s::float8[], %s::float8[], %s::float8[]
        ) AS j(
            id, probability, is_covered, own, article_id, similarity, articles, questions, words, topic,
            sources, confidence, asked_again, rating
        )
    WHERE q.id = j.id AND (
        q.is_covered IS DISTINCT FROM j.is_covered OR q.nearest_article_id IS DISTINCT FROM j.article_id
        OR q.coverage_probability IS NULL OR abs(q.coverage_probability - j.probability) > %s
        OR q.own_probability IS NULL OR q.nearest_similarity IS DISTINCT FROM j.similarity
        OR q.coverage_signals IS NULL
    )
"""
_STORE_REQUESTS = """
    UPDATE improvement_questionrequest r SET coverage_probability = j.probability
    FROM unnest(%s::bigint[], %s::float8[]) AS j(id, probability) WHERE r.id = j.id
"""


@dataclass(frozen=True, slots=True)
class Judged:
    """`by_message` is what the `by_request` of the same stream come down to. Nothing of it is stored yet."""

    by_message: Judgement
    by_request: Judgement
    laid: Laid
    knowledge: KnowledgeBase
    signals: Signals  # one a message
    learned_from: str | None  # hash of what all was learned anew from; None: what was known was added to


def judge_stream(merchant: Merchant, stream: Stream) -> Judged:
    """A message with several requests is as covered as the least covered of them, whose vector then takes the
    message's place in the stream, so that this request joins a gap. What was judged before under the same articles and
    marks keeps its judgement until all is learned again, and its `passage` is -1."""
    knowledge = load_knowledge_base(merchant)
    base = number_articles(knowledge)
    laid = lay_out(merchant, stream)
    marks = read_question_marks(merchant)
    inputs = hash_inputs(knowledge, marks)
    known = known_probabilities(stream, laid)
    learned = find_learned(merchant, stream, inputs)
    heard = np.isin(np.arange(len(stream.asked)), laid.owner if learned is None else laid.owner[np.isnan(known)])
    signals = known_signals(merchant, stream, knowledge, heard)[laid.owner]
    if learned is not None:
        asked = correct_spelling(laid.questions, base, lambda row: bool(np.isnan(known[row])))
        judgement = judge_update(asked, base, known, signals, learned)
    else:
        said = {row: marks[one.question_id] for row, one in enumerate(stream.asked) if one.question_id in marks}
        by_row = {row: said[owner] for row, owner in enumerate(laid.owner.tolist()) if owner in said}
        judgement = judge(correct_spelling(laid.questions, base), base, signals, by_row)
    spoken = speak_for(laid, judgement)
    divided = laid.request[spoken] > 0
    stream.vectors[divided] = laid.questions.vectors[spoken[divided]]
    folded = fold(judgement, spoken)
    return Judged(folded, judgement, laid, knowledge, signals[spoken], inputs if learned is None else None)


def store_judged(merchant: Merchant, stream: Stream, judged: Judged) -> None:
    if judged.learned_from is not None:
        keep_learned(merchant, stream, judged.by_request, judged.learned_from)
    store_requests(judged.laid, judged.by_request)
    store_judgement(stream, judged)


def judge_update(
    asked: Questions, base: Base, known: NDArray[np.float64], signals: Signals, learned: Learned
) -> Judgement:
    update = judge_new(asked, base, known, signals, learned)
    n, rows = len(known), update.rows
    passage, similarity = np.full(n, -1, dtype=np.intp), np.zeros(n, dtype=np.float32)
    own, reasons = known.copy(), np.zeros((n, len(NAMES)))
    passage[rows], similarity[rows] = update.passage, update.similarity
    own[rows], reasons[rows] = update.own, update.reasons
    return Judgement(update.probability, passage, similarity, own, reasons, learned)


def hash_inputs(knowledge: KnowledgeBase, marks: Mapping[int, bool]) -> str:
    parts = [model_name(), knowledge.chunk_ids, sorted(marks.items()), NAMES]
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def known_probabilities(stream: Stream, laid: Laid) -> NDArray[np.float64]:
    """nan where a message was not judged yet; the requests of a message are judged again with every run."""
    stored = np.array([np.nan if one.probability is None else one.probability for one in stream.asked], np.float64)
    return np.where(laid.request > 0, np.nan, stored[laid.owner])


def find_learned(merchant: Merchant, stream: Stream, inputs: str) -> Learned | None:
    """What was learned from the same articles and marks, while it is recent and few questions are new."""
    stored = Reading.objects.values_list("learned", flat=True).filter(merchant=merchant).first()
    if not stored or stored["inputs"] != inputs or not stream.asked:
        return None
    n_new = sum(one.probability is None for one in stream.asked)
    is_recent = stream.asked[-1].asked_at - datetime.fromisoformat(stored["to"]) < LEARNED_ANEW_EVERY
    return Learned.from_json(stored["learned"]) if is_recent and n_new <= MAX_SHARE_NEW * stored["n"] else None


def keep_learned(merchant: Merchant, stream: Stream, judgement: Judgement, inputs: str) -> None:
    stored: dict[str, Any] | None = None
    if judgement.learned is not None:
        stored = {
            "inputs": inputs,
            "to": stream.asked[-1].asked_at.isoformat(),
            "n": len(judgement.probability),
            "learned": judgement.learned.to_json(),
        }
    Reading.objects.filter(merchant=merchant).update(learned=stored)


def number_articles(knowledge: KnowledgeBase) -> Base:
    _ids, numbers = np.unique(np.array(knowledge.article_ids, dtype=np.int64), return_inverse=True)
    return Base(knowledge.texts, knowledge.vectors, numbers.astype(np.intp))


def questions_of(stream: Stream) -> Questions:
    return Questions([one.text for one in stream.asked], stream.vectors)


def known_signals(merchant: Merchant, stream: Stream, knowledge: KnowledgeBase, heard: NDArray[np.bool_]) -> Signals:
    """What the conversations showed, but only where the agent could have known the text that is nearest now. Of the
    others than `heard` it is not looked up."""
    signals = stream.read_signals()
    if not knowledge.texts or not len(signals):
        return signals
    live = ArticleVersion.objects.filter(article__merchant=merchant, article__live_version=F("pk"))
    published = dict(live.values_list("article_id", "published_at"))
    shown = np.flatnonzero(signals.any(axis=1) & heard)
    passages, _cosines = nearest(stream.vectors[shown], knowledge.vectors, 1)
    for row, passage in zip(shown.tolist(), passages[:, 0].tolist(), strict=True):
        if published[knowledge.article_ids[passage]] > stream.asked[row].asked_at:
            signals[row] = Signal.UNKNOWN
    return signals


def store_requests(laid: Laid, judgement: Judgement) -> None:
    rows = np.flatnonzero(laid.request)
    if len(rows):
        with connection.cursor() as cursor:
            cursor.execute(_STORE_REQUESTS, [laid.request[rows].tolist(), judgement.probability[rows].tolist()])


def store_judgement(stream: Stream, judged: Judged) -> None:
    """Rows that were judged in this run; all where there is no knowledge base."""
    judgement, knowledge = judged.by_message, judged.knowledge
    has_base = bool(knowledge.texts)
    rows: Indexes = np.flatnonzero(judgement.passage >= 0) if has_base else np.arange(len(stream.asked))
    passages = judgement.passage[rows].tolist()
    weights = np.zeros((len(Kind), N_LEVELS)) if judgement.learned is None else judgement.learned.signal_weights
    columns = [
        [stream.asked[row].question_id for row in rows.tolist()],
        judgement.probability[rows].tolist(),
        judgement.is_covered[rows].tolist(),
        judgement.own[rows].tolist(),
        [knowledge.article_ids[passage] if has_base else None for passage in passages],
        [round(float(similarity), 4) if has_base else None for similarity in judgement.similarity[rows]],
        *sum_by_group(judgement.reasons[rows]).round(3).T.tolist(),
        *weigh_each(judged.signals[rows], weights).round(3).T.tolist(),
    ]
    with connection.cursor() as cursor:
        cursor.execute(_STORE, [*columns, WORTH_WRITING])
