"""Takes the demo away again, with all that grew from it."""

from django.db import transaction

from improvement.models import Article, ArticleVersion, Review
from portal.models import Merchant
from reporting.demo.shop import SECOND_SLUG, SLUG


def remove_demo() -> None:
    """Only merchants that load_demo made; their users stay."""
    with transaction.atomic():
        for merchant in Merchant.objects.filter(slug__in=(SLUG, SECOND_SLUG), is_demo=True):
            # What was decided is protected from deletion one row at a time, so it goes in this order.
            Article.objects.for_merchant(merchant).update(live_version=None)
            ArticleVersion.objects.filter(article__merchant=merchant).delete()
            Review.objects.for_merchant(merchant).delete()
            merchant.delete()
