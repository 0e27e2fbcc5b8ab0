"""Gaps that come back: customers still ask after the article went live, or the article was taken away. Says why."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import QuerySet

from improvement.models import Article, ArticleStatus, Draft, Gap, GapStatus, Recurrence, Review
from improvement.stream import Asked
from portal.models import AuditEntry

# As many new questions after its article went live say that the article does not answer the topic.
MIN_TO_REOPEN = 5
# From this share on the agent did use the article in the conversations about it.
USED_FROM = 0.5
OLD = timedelta(days=365)

# By message_once (conversation, occurred_at, event_id).
_COUNT_USES = """
    SELECT count(DISTINCT m.conversation_id) FROM analytics_message m, jsonb_array_elements(m.sources) source
    WHERE m.conversation_id = ANY(%s) AND m.author = 'agent' AND source ->> 'article_id' = ANY(%s)
"""


def reopen_asked_again(gap: Gap, members: Sequence[Asked]) -> None:
    if gap.status != GapStatus.ADDRESSED:
        return
    since = published_at(gap)
    later = [one for one in members if since is None or one.asked_at > since]
    if len(later) >= MIN_TO_REOPEN:
        reopen(gap, find_recurrence(gap, later), {"questions_since": len(later)})


def published_at(gap: Gap) -> datetime | None:
    reviews = Review.objects.filter(draft__gap=gap, published_at__isnull=False).order_by("-published_at")
    moment: datetime | None = reviews.values_list("published_at", flat=True).first()
    return moment


def find_recurrence(gap: Gap, later: Sequence[Asked]) -> str:
    """Empty where no article of ours was published for it: then nothing can be said about the article."""
    articles = list(find_articles(gap).select_related("live_version"))
    if not articles:
        return ""
    if all(article.status == ArticleStatus.ARCHIVED for article in articles):
        return Recurrence.ARCHIVED
    used = count_uses([one.conversation_id for one in later], [article.external_id for article in articles])
    if used < USED_FROM * len(later):
        return Recurrence.NOT_RETRIEVED
    newest = max(article.get_live_version().published_at for article in articles)
    return Recurrence.OUT_OF_DATE if max(one.asked_at for one in later) - newest > OLD else Recurrence.RETRIEVED_WRONG


def find_articles(gap: Gap) -> "QuerySet[Article]":
    articles: QuerySet[Article] = Article.objects.for_merchant(gap.merchant).filter(drafts__gap=gap)
    return articles.distinct()


def count_uses(conversation_ids: Collection[int], external_ids: Collection[str]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_USES, [list(conversation_ids), list(external_ids)])
        (n_uses,) = cursor.fetchone()
    return int(n_uses)


def reopen(gap: Gap, recurrence: str, detail: dict[str, object]) -> None:
    """Only once, whoever comes second."""
    claimed = Gap.objects.filter(pk=gap.pk, status=GapStatus.ADDRESSED)
    if claimed.update(status=GapStatus.REOPENED, status_reason="", recurrence=recurrence):
        gap.refresh_from_db(fields=["status", "status_reason", "recurrence"])
        AuditEntry.record(gap.merchant, "gap.reopened", by=None, on=gap, detail={**detail, "why": recurrence})


def reopen_of_archived(article: Article) -> None:
    """The gaps that this article had closed are open again, unless another live article of theirs is left."""
    gaps = Gap.objects.for_merchant(article.merchant).filter(status=GapStatus.ADDRESSED, drafts__article=article)
    live = Draft.objects.filter(gap__in=gaps, article__status=ArticleStatus.PUBLISHED).exclude(article=article)
    closed = set(live.values_list("gap_id", flat=True))
    for gap in gaps.select_related("merchant").distinct():
        if gap.pk not in closed:
            reopen(gap, Recurrence.ARCHIVED, {"article": article.title})
