"""The articles that answers cite. They live above this app; settings.ARTICLE_SOURCES names who finds them."""

from collections.abc import Collection
from dataclasses import dataclass

from django.conf import settings
from django.utils.module_loading import import_string

from portal.models import Merchant


@dataclass(frozen=True, slots=True)
class Source:
    """A known article; `url` is its page."""

    title: str
    url: str


def find_sources(merchant: Merchant, article_ids: Collection[str]) -> dict[str, Source]:
    """By the article's external id; what the knowledge base does not know is left out."""
    if not article_ids:
        return {}
    found: dict[str, Source] = import_string(settings.ARTICLE_SOURCES)(merchant, article_ids)
    return found
