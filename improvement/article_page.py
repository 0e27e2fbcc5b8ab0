"""What the page of one article shows: its text, what changed, who asks for it, and what is near and unanswered."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Count

from improvement.article_pairs import read_pairs
from improvement.comparing import Part, compare
from improvement.models import Article, ArticlePair, ArticleVersion, Gap, GapStatus, Question
from portal.models import Merchant

N_EXAMPLES = 5
N_GAPS = 5
# Use is counted in so many of the newest conversations, which takes the same time at every merchant.
N_CONVERSATIONS = 2000
# Longer texts are compared line by line: word by word takes seconds.
MAX_COMPARED = 12_000

# Reads the index conversation_list for the newest conversations and message_once for their messages.
_USE = """
    WITH recent AS (
        SELECT id, outcome FROM analytics_conversation
        WHERE merchant_id = %(merchant)s AND exclusion = '' ORDER BY started_at DESC LIMIT %(n)s
    ), cited AS (
        SELECT DISTINCT r.id, r.outcome FROM recent r JOIN analytics_message m ON m.conversation_id = r.id
        WHERE m.author = 'agent' AND m.sources @> jsonb_build_array(jsonb_build_object('article_id', %(article)s::text))
    )
    SELECT (SELECT count(*) FROM recent), count(*), count(*) FILTER (WHERE outcome = 'resolved'),
        count(*) FILTER (WHERE outcome <> 'open') FROM cited
"""


@dataclass(frozen=True, slots=True)
class Use:
    """In the newest conversations: how many there are, and in how many the agent cited the article."""

    n_conversations: int
    n_cited: int
    resolution_rate: float | None  # of those that cited it and have ended; 0–1


@dataclass(frozen=True, slots=True)
class NearGap:
    gap: Gap
    n_questions: int


@dataclass(frozen=True, slots=True)
class ArticlePage:
    article: Article
    shown: ArticleVersion
    versions: Sequence[ArticleVersion]
    changes: Sequence[Part]  # against the version before the one shown
    title_changes: Sequence[Part]
    use: Use
    answered: Sequence[Question]
    n_answered: int
    n_missed: int
    gaps: Sequence[NearGap]
    pairs: Sequence[ArticlePair]
    n_passages: int

    @property
    def is_live(self) -> bool:
        return self.shown.pk == self.article.live_version_id


def build_article_page(merchant: Merchant, article: Article, number: int | None) -> ArticlePage:
    """Raises ArticleVersion.DoesNotExist."""
    versions = list(article.versions.select_related("published_by", "revision__draft__gap"))
    wanted = article.get_live_version().number if number is None else number
    shown = next((version for version in versions if version.number == wanted), None)
    if shown is None:
        raise ArticleVersion.DoesNotExist
    before = next((version for version in versions if version.number < shown.number), None)
    nearest = Question.objects.for_merchant(merchant).filter(nearest_article=article)
    counts = dict(nearest.values_list("is_covered").annotate(n=Count("pk")).order_by())
    answered = nearest.filter(is_covered=True).select_related("conversation").defer("embedding")
    return ArticlePage(
        article=article,
        shown=shown,
        versions=versions,
        changes=compare_texts(before.body, shown.body) if before else (),
        title_changes=compare(before.title, shown.title) if before else (),
        use=measure_use(merchant, article),
        answered=list(answered.order_by("-asked_at")[:N_EXAMPLES]),
        n_answered=counts.get(True, 0),
        n_missed=counts.get(False, 0),
        gaps=find_near_gaps(merchant, article),
        pairs=list(read_pairs(merchant, [article.pk])),
        n_passages=article.chunks.count(),
    )


def compare_texts(before: str, after: str) -> list[Part]:
    if len(before) + len(after) <= MAX_COMPARED:
        return compare(before, after)
    return compare(before, after, by_lines=True)


def measure_use(merchant: Merchant, article: Article) -> Use:
    with connection.cursor() as cursor:
        asked: dict[str, Any] = {"merchant": merchant.pk, "n": N_CONVERSATIONS, "article": article.external_id}
        cursor.execute(_USE, asked)
        n_conversations, n_cited, n_resolved, n_ended = cursor.fetchone() or (0, 0, 0, 0)
    return Use(n_conversations, n_cited, n_resolved / n_ended if n_ended else None)


def find_near_gaps(merchant: Merchant, article: Article) -> list[NearGap]:
    """Open gaps with questions that no article answers and this one is nearest to."""
    missed = Question.objects.for_merchant(merchant).filter(nearest_article=article, is_covered=False)
    missed = missed.filter(gap__status__in=(GapStatus.OPEN, GapStatus.REOPENED, GapStatus.DRAFTING))
    counts = dict(missed.values_list("gap").annotate(n=Count("pk")).order_by("-n", "gap")[:N_GAPS])
    gaps = Gap.objects.for_merchant(merchant).defer("centroid").in_bulk(list(counts))
    return [NearGap(gaps[pk], n) for pk, n in counts.items() if pk in gaps]
