"""Reads customers' questions from conversations into rows with vectors. What became of them is judged in gaps.py."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from django.db.models import Q

from analytics.models import Conversation
from improvement.article_reembedding import reembed
from improvement.models import Question, QuestionRequest, Reading
from improvement.reading_requests import split_requests
from portal.embeddings import embed, model_name
from portal.models import Merchant

BATCH = 500
# A conversation is stamped before its transaction commits: what a slow writer stamped earlier is read a second time.
OVERLAP = timedelta(minutes=10)

Report = Callable[[int, int], None]


def ignore(_done: int, _total: int) -> None:
    """Where nobody watches."""


def read_new_questions(merchant: Merchant, now: datetime, *, report: Report = ignore) -> int:
    """Embeds the questions of conversations that changed since the last time; returns how many. Safe to repeat.

    Excluded conversations and those without a request have no question. Raises EmbeddingError; what was read stays.
    """
    reading, _created = Reading.objects.get_or_create(merchant=merchant)
    if reading.embedding_model != model_name():
        reading.read_to, reading.embedding_model = None, model_name()
    reembed(merchant)
    conversations = Conversation.objects.for_merchant(merchant).filter(updated_at__lte=now)
    if reading.read_to is not None:
        conversations = conversations.filter(updated_at__gte=reading.read_to - OVERLAP)
    conversations = conversations.order_by("updated_at", "id").only(
        *("id", "merchant_id", "question", "exclusion", "started_at", "updated_at")
    )
    total, seen, n_read = conversations.count(), 0, 0
    last: Conversation | None = None
    while True:
        # Goes on behind the last row by (merchant, updated_at, id), the index conversation_updated.
        rest = (
            Q() if last is None else Q(updated_at__gt=last.updated_at) | Q(updated_at=last.updated_at, id__gt=last.pk)
        )
        batch = list(conversations.filter(rest)[:BATCH])
        if not batch:
            break
        n_read += read_batch(merchant, batch)
        last = batch[-1]
        reading.read_to = last.updated_at
        reading.save(update_fields=["read_to", "embedding_model"])
        seen += len(batch)
        report(seen, total)
    return n_read


def read_batch(merchant: Merchant, conversations: list[Conversation]) -> int:
    known = Question.objects.for_merchant(merchant).filter(conversation__in=conversations)
    texts = {row[0]: row[1:] for row in known.values_list("conversation_id", "text", "embedding_model", "asked_at")}
    requests = {one.pk: [] if one.exclusion else split_requests(one.question) for one in conversations}
    asking = [one for one in conversations if requests[one.pk]]
    known.filter(conversation__in=[pk for pk, parts in requests.items() if not parts and pk in texts]).delete()
    model = model_name()
    new = [one for one in asking if texts.get(one.pk) != (one.question, model, one.started_at)]
    vectors = embed([one.question for one in new])
    Question.objects.bulk_create(
        [
            Question(
                merchant=merchant,
                conversation=one,
                text=one.question,
                asked_at=one.started_at,
                embedding=vector,
                embedding_model=model,
            )
            for one, vector in zip(new, vectors, strict=True)
        ],
        update_conflicts=True,
        unique_fields=["conversation"],
        update_fields=["text", "asked_at", "embedding", "embedding_model", "coverage_probability", "is_covered"],
    )
    store_requests(merchant, {one.pk: requests[one.pk] for one in new})
    return len(new)


def store_requests(merchant: Merchant, requests: Mapping[int, list[str]]) -> None:
    """`requests` by conversation. Only a message with several has rows of its own for them."""
    questions = Question.objects.for_merchant(merchant).filter(conversation__in=requests)
    by_conversation = dict(questions.values_list("conversation_id", "pk"))
    QuestionRequest.objects.for_merchant(merchant).filter(question__in=by_conversation.values()).delete()
    parts = [
        (by_conversation[pk], position, text)
        for pk, texts in requests.items()
        if len(texts) > 1
        for position, text in enumerate(texts)
    ]
    vectors = embed([text for _question, _position, text in parts])
    QuestionRequest.objects.bulk_create(
        QuestionRequest(merchant=merchant, question_id=question, position=position, text=text, embedding=vector)
        for (question, position, text), vector in zip(parts, vectors, strict=True)
    )
