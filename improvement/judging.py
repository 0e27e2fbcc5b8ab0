"""Judges a merchant's questions against its knowledge base and stores what came out."""

import numpy as np
from django.db import connection
from django.db.models import F

from improvement.agent_signals import Signal, Signals
from improvement.coverage_features import Base, Questions
from improvement.coverage_model import Judgement, judge
from improvement.models import ArticleVersion
from improvement.neighbours import nearest
from improvement.question_marks import read_question_marks
from improvement.search import KnowledgeBase, load_knowledge_base
from improvement.stream import Stream
from portal.models import Merchant

# A difference that no page shows is not written.
WORTH_WRITING = 0.005

# One statement for all rows; by primary key.
_STORE = """
    UPDATE improvement_question q
    SET coverage_probability = j.probability, is_covered = j.is_covered,
        nearest_article_id = j.article_id, nearest_similarity = j.similarity
    FROM unnest(%s::bigint[], %s::float8[], %s::bool[], %s::bigint[], %s::float8[])
        AS j(id, probability, is_covered, article_id, similarity)
    WHERE q.id = j.id AND (
        q.is_covered IS DISTINCT FROM j.is_covered OR q.nearest_article_id IS DISTINCT FROM j.article_id
        OR q.coverage_probability IS NULL OR abs(q.coverage_probability - j.probability) > %s
        OR q.nearest_similarity IS DISTINCT FROM j.similarity
    )
"""


def judge_stream(merchant: Merchant, stream: Stream) -> Judgement:
    knowledge = load_knowledge_base(merchant)
    base = number_articles(knowledge)
    said = read_question_marks(merchant)
    marks = {row: said[one.question_id] for row, one in enumerate(stream.asked) if one.question_id in said}
    judgement = judge(questions_of(stream), base, known_signals(merchant, stream, knowledge), marks)
    store_judgement(stream, knowledge, judgement)
    return judgement


def number_articles(knowledge: KnowledgeBase) -> Base:
    _ids, numbers = np.unique(np.array(knowledge.article_ids, dtype=np.int64), return_inverse=True)
    return Base(knowledge.texts, knowledge.vectors, numbers.astype(np.intp))


def questions_of(stream: Stream) -> Questions:
    return Questions([one.text for one in stream.asked], stream.vectors)


def known_signals(merchant: Merchant, stream: Stream, knowledge: KnowledgeBase) -> Signals:
    """What the conversations showed, but only where it could have known the text that is nearest now."""
    signals = stream.read_signals()
    if not knowledge.texts or not len(signals):
        return signals
    live = ArticleVersion.objects.filter(article__merchant=merchant, article__live_version=F("pk"))
    published = dict(live.values_list("article_id", "published_at"))
    passages, _cosines = nearest(stream.vectors, knowledge.vectors, 1)
    for row, passage in enumerate(passages[:, 0].tolist()):
        if published[knowledge.article_ids[passage]] > stream.asked[row].asked_at:
            signals[row] = Signal.UNKNOWN
    return signals


def store_judgement(stream: Stream, knowledge: KnowledgeBase, judgement: Judgement) -> None:
    has_base = bool(knowledge.texts)
    articles = [knowledge.article_ids[passage] if has_base else None for passage in judgement.passage.tolist()]
    rows = [
        [one.question_id for one in stream.asked],
        judgement.probability.tolist(),
        judgement.is_covered.tolist(),
        articles,
        [round(float(similarity), 4) if has_base else None for similarity in judgement.similarity],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_STORE, [*rows, WORTH_WRITING])
