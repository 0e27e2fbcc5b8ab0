"""Gaps as the topics of conversations, for lists (settings.CONVERSATION_TOPICS) and for numbers by topic."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from analytics.topics import Topic
from improvement.models import Gap, Question
from portal.models import Merchant


def read_topics(merchant: Merchant) -> list[Topic]:
    """Every gap by its impact, then the questions that the articles cover, and those that they do not."""
    questions = Question.objects.for_merchant(merchant).order_by()
    gaps = Gap.objects.for_merchant(merchant).filter(merged_into=None).values_list("pk", "name")
    return [
        *(Topic(str(pk), name, questions.filter(gap=pk).values("conversation_id")) for pk, name in gaps),
        Topic("covered", _("Covered by an article"), questions.filter(is_covered=True).values("conversation_id")),
        Topic("uncovered", _("Covered by no article"), questions.filter(is_covered=False).values("conversation_id")),
    ]


def rows_of_topics(merchant: Merchant) -> QuerySet[Any]:
    """(conversation, key, label) of each question that is in a gap (settings.TOPICS_OF_CONVERSATIONS)."""
    questions = Question.objects.for_merchant(merchant).filter(gap__isnull=False).order_by()
    rows: QuerySet[Any] = questions.values_list("conversation_id", "gap_id", "gap__name")
    return rows
