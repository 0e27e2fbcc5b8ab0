"""The texts of cited articles, for the scorers of answer quality (settings.QUALITY_SOURCE_TEXTS)."""

from collections.abc import Collection

from improvement.models import Article
from portal.models import Merchant


def read_source_texts(merchant: Merchant, article_ids: Collection[str]) -> dict[str, str]:
    """Title and body of the live versions, by the article's external id; unknown ids are left out."""
    articles = (
        Article.objects.for_merchant(merchant)
        .filter(external_id__in=article_ids, live_version__isnull=False)
        .values_list("external_id", "live_version__title", "live_version__body")
    )
    return {external_id: f"{title}\n{body}" for external_id, title, body in articles}
