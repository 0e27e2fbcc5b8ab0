"""The knowledge base: its articles with their filters and search, one of them, and pairs that need a look."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from improvement.article_page import build_article_page
from improvement.article_pairs import read_pairs
from improvement.article_reembedding import JOB_KIND
from improvement.article_search import Filter, search_articles
from improvement.models import Article, ArticlePair, ArticleStatus, ArticleVersion, Audience, PairStatus, Question
from portal.embeddings import EmbeddingError
from portal.models import Job, Merchant, Role
from portal.tenancy import MerchantRequest, merchant_page

PER_PAGE = 25
MAX_FOUND = 10


def get_article(merchant: Merchant, article_id: int) -> Article:
    articles = Article.objects.for_merchant(merchant).select_related("merchant", "live_version")
    article: Article = get_object_or_404(articles.exclude(live_version=None), pk=article_id)
    return article


@require_GET
@merchant_page()
def articles(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    query = request.GET.get("q", "").strip()[:200]
    is_archive = request.GET.get("status") == ArticleStatus.ARCHIVED
    status = ArticleStatus.ARCHIVED if is_archive else ArticleStatus.PUBLISHED
    all_articles = Article.objects.for_merchant(merchant).exclude(live_version=None)
    languages = sorted(set(all_articles.values_list("language", flat=True).order_by()))
    language = request.GET.get("language", "")
    language = language if language in languages else ""
    audience = request.GET.get("audience", "")
    audience = audience if audience in Audience.values else ""
    counts = all_articles.aggregate(
        published=Count("pk", filter=Q(status=ArticleStatus.PUBLISHED)),
        archived=Count("pk", filter=Q(status=ArticleStatus.ARCHIVED)),
    )
    shown = all_articles.filter(status=status).select_related("live_version")
    shown = shown.filter(**{k: v for k, v in (("language", language), ("audience", audience)) if v})
    page = Paginator(shown, PER_PAGE).get_page(request.GET.get("page"))
    wanted = Filter(audiences=[audience] if audience else Audience.values, language=language)
    context: dict[str, Any] = {
        "query": query,
        **find(merchant, query, wanted),
        "page": page,
        "is_archive": is_archive,
        "counts": counts,
        "n_answered": count_answered(merchant, [article.pk for article in page]),
        "n_pairs": read_pairs(merchant).count(),
        "job": Job.find_unsettled(merchant, JOB_KIND),
        "language": language,
        "languages": languages,
        "audience": audience,
        "audiences": Audience.choices,
        "may_edit": request.membership.role >= Role.REVIEWER,
    }
    return render(request, "improvement/articles.html", context)


def find(merchant: Merchant, query: str, wanted: Filter) -> dict[str, Any]:
    """`hits` is None where nothing was asked for, or could not be; `failure` then says why."""
    if not query:
        return {"hits": None}
    try:
        return {"hits": search_articles(merchant, query, MAX_FOUND, wanted)}
    except EmbeddingError as error:
        return {"hits": None, "failure": str(error)}


def count_answered(merchant: Merchant, articles: list[int]) -> dict[int, int]:
    answered = Question.objects.for_merchant(merchant).filter(is_covered=True, nearest_article__in=articles)
    return dict(answered.values_list("nearest_article").annotate(n=Count("pk")).order_by())


@require_GET
@merchant_page()
def article(request: MerchantRequest, merchant: Merchant, article_id: int) -> HttpResponse:
    found = get_article(merchant, article_id)
    asked = request.GET.get("version")
    number = None if not asked else int(asked) if asked.isdecimal() else 0
    try:
        page = build_article_page(merchant, found, number)
    except ArticleVersion.DoesNotExist as error:
        raise Http404 from error
    context = {"page": page, "article": found, "may_edit": request.membership.role >= Role.REVIEWER}
    return render(request, "improvement/article.html", context)


@require_GET
@merchant_page()
def article_pairs(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    """What says the same, and what contradicts each other, side by side."""
    is_dismissed = request.GET.get("status") == PairStatus.DISMISSED
    all_pairs = ArticlePair.objects.for_merchant(merchant).select_related("first", "second", "dismissed_by")
    status = PairStatus.DISMISSED if is_dismissed else PairStatus.OPEN
    page = Paginator(all_pairs.filter(status=status).order_by("kind", "-similarity", "pk"), PER_PAGE)
    context = {
        "page": page.get_page(request.GET.get("page")),
        "is_dismissed": is_dismissed,
        "counts": all_pairs.aggregate(
            open=Count("pk", filter=Q(status=PairStatus.OPEN)),
            dismissed=Count("pk", filter=Q(status=PairStatus.DISMISSED)),
        ),
        "may_edit": request.membership.role >= Role.REVIEWER,
    }
    return render(request, "improvement/article_pairs.html", context)


@require_POST
@merchant_page(role=Role.REVIEWER)
def article_pair_dismissals(request: MerchantRequest, merchant: Merchant, pair_id: int) -> HttpResponse:
    """`undo` brings it back."""
    pair: ArticlePair = get_object_or_404(ArticlePair.objects.for_merchant(merchant), pk=pair_id)
    if "undo" in request.POST:
        pair.reopen(by=request.user)
        messages.success(request, _("Back on the list."))
    else:
        pair.dismiss(by=request.user, at=timezone.now())
        messages.success(request, _("Dismissed. It comes back when what was found about the two changes."))
    return redirect("article_pairs", merchant.slug)
