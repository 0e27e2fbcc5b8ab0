"""What conversations were about. Topics are found above this app; settings.CONVERSATION_TOPICS names who knows them."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.module_loading import import_string

from portal.models import Merchant


@dataclass(frozen=True, slots=True)
class Topic:
    """`conversation_ids` is a queryset of one column, to be used inside a larger query."""

    key: str
    label: str | Promise
    conversation_ids: QuerySet[Any]


def read_topics(merchant: Merchant) -> dict[str, Topic]:
    """By key, the weightiest first."""
    topics: list[Topic] = import_string(settings.CONVERSATION_TOPICS)(merchant)
    return {topic.key: topic for topic in topics}
