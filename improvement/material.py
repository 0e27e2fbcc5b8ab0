"""What an article about a gap can be written from: customers' questions, teammates' answers, related articles."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from pgvector.django import CosineDistance

from analytics.models import Author, Message
from improvement.models import Article, ArticleStatus, Gap, Question
from improvement.search import to_array
from portal.embeddings import Vectors

MAX_QUESTIONS = 400
MAX_ANSWERS = 600
MAX_RIVALS = 200
HELD_OUT_SHARE = 3  # one question in three
MIN_TO_HOLD_OUT = 12  # answered conversations; eight of them are left to write from


@dataclass(frozen=True, slots=True)
class Asked:
    question_id: int
    conversation_id: int
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One message of a teammate."""

    message_id: int
    conversation_id: int
    customer: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RelatedArticle:
    article_id: int
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Rivals:
    """Covered questions of other topics, with the similarity at which each finds the article that answers it."""

    vectors: Vectors
    similarity: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Material:
    name: str
    is_named_by_person: bool
    language: str
    questions: Sequence[Asked]
    answers: Sequence[Answer]
    articles: Sequence[RelatedArticle]
    rivals: Rivals


def is_held_out(question: Question) -> bool:
    """The same questions for every revision and every run, whatever else is asked meanwhile."""
    conversation = question.conversation
    return crc32(f"{conversation.thread} {conversation.episode}".encode()) % HELD_OUT_SHARE == 0


def can_hold_out(gap: Gap) -> bool:
    """Where few were answered, the writer needs them all."""
    answered = Question.objects.for_merchant(gap.merchant).filter(gap=gap, conversation__n_teammate_messages__gt=0)
    return bool(answered.count() >= MIN_TO_HOLD_OUT)


def find_held_out(gap: Gap) -> list[Question]:
    """Questions that no writer of this gap has seen; none where there are too few to spare."""
    if not can_hold_out(gap):
        return []
    return [question for question in _find_questions(gap) if is_held_out(question)]


def gather_material(gap: Gap) -> Material:
    questions = _find_questions(gap)
    if can_hold_out(gap):
        questions = [question for question in questions if not is_held_out(question)]
    languages = Counter(question.conversation.language for question in questions if question.conversation.language)
    language = languages.most_common(1)[0][0] if languages else "en"
    questions = [question for question in questions if question.conversation.language in (language, "")]
    return Material(
        name=gap.name,
        is_named_by_person=gap.is_renamed,
        language=language,
        questions=[Asked(question.pk, question.conversation_id, question.text) for question in questions],
        answers=_find_answers(gap, [question.conversation_id for question in questions]),
        articles=_find_related(gap, questions),
        rivals=_find_rivals(gap),
    )


def _find_questions(gap: Gap) -> list[Question]:
    questions = Question.objects.for_merchant(gap.merchant).filter(gap=gap).select_related("conversation")
    return list(questions.order_by("-asked_at")[:MAX_QUESTIONS])


def _find_answers(gap: Gap, conversation_ids: list[int]) -> list[Answer]:
    messages = (
        Message.objects.for_merchant(gap.merchant)
        .filter(conversation__in=conversation_ids, author=Author.TEAMMATE)
        .select_related("conversation")
        .order_by("-occurred_at")[:MAX_ANSWERS]
    )
    return [
        Answer(
            message_id=message.pk,
            conversation_id=message.conversation_id,
            customer=message.conversation.customer_id or message.conversation.thread,
            text=message.text,
            at=message.occurred_at,
        )
        for message in messages
    ]


def _find_rivals(gap: Gap) -> Rivals:
    covered = Question.objects.for_merchant(gap.merchant).filter(
        is_covered=True, embedding_model=gap.embedding_model, nearest_similarity__isnull=False
    )
    nearest = covered.exclude(gap=gap).order_by(CosineDistance("embedding", gap.centroid))
    rows = list(nearest.values_list("embedding", "nearest_similarity")[:MAX_RIVALS])
    return Rivals(to_array([row[0] for row in rows]), np.array([row[1] for row in rows], dtype=np.float32))


def _find_related(gap: Gap, questions: list[Question]) -> list[RelatedArticle]:
    """The articles that came nearest most often: they say what the knowledge base has, and in which tone."""
    nearest = Counter(question.nearest_article_id for question in questions if question.nearest_article_id)
    ids = [article_id for article_id, _count in nearest.most_common(3)]
    articles = Article.objects.for_merchant(gap.merchant).filter(pk__in=ids, status=ArticleStatus.PUBLISHED)
    return [
        RelatedArticle(article.pk, article.title, article.live_version.body)
        for article in articles.select_related("live_version")
        if article.live_version is not None
    ]
