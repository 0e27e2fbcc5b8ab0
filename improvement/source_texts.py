"""Cited articles: their texts for the scorers of answer quality (settings.QUALITY_SOURCE_TEXTS), where they are read
(settings.ARTICLE_SOURCES), and all that the agent could have cited (settings.QUALITY_HOUSE_TEXTS)."""

from collections.abc import Collection

from django.urls import reverse

from analytics.house_texts import HouseTexts, build_house
from analytics.sources import Source
from improvement.models import Article
from improvement.search import load_knowledge_base
from portal.models import Merchant


def read_source_texts(merchant: Merchant, article_ids: Collection[str]) -> dict[str, str]:
    """Title and body of the live versions, by the article's external id; unknown ids are left out."""
    articles = (
        Article.objects.for_merchant(merchant)
        .filter(external_id__in=article_ids, live_version__isnull=False)
        .values_list("external_id", "live_version__title", "live_version__body")
    )
    return {external_id: f"{title}\n{body}" for external_id, title, body in articles}


def find_sources(merchant: Merchant, article_ids: Collection[str]) -> dict[str, Source]:
    """Articles of any state by external id, so that an old conversation still shows what the agent had read."""
    articles = Article.objects.for_merchant(merchant).filter(external_id__in=article_ids)
    return {
        external_id: Source(title, reverse("article", args=[merchant.slug, pk]))
        for pk, external_id, title in articles.values_list("pk", "external_id", "title")
    }


def read_house(merchant: Merchant) -> HouseTexts:
    """The live passages of what the agent may answer from, each article's title first; nothing is embedded."""
    base = load_knowledge_base(merchant)
    names = dict(Article.objects.for_merchant(merchant).values_list("pk", "external_id"))
    passages: dict[str, list[str]] = {}
    for article_id, text in zip(base.article_ids, base.texts, strict=True):
        passages.setdefault(names[article_id], []).append(text)
    return build_house(passages, base.vectors)
