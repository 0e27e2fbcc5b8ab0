"""The knowledge base: its articles, one of them with its versions, and the editor with a preview."""

from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from improvement.article_forms import ArticleForm
from improvement.article_search import search_articles
from improvement.articles import archive_article, save_article
from improvement.models import Article, ArticleStatus, ArticleVersion, Question
from portal.embeddings import EmbeddingError
from portal.models import Merchant, Role
from portal.tenancy import MerchantRequest, merchant_page

PER_PAGE = 25
MAX_FOUND = 10


def get_article(merchant: Merchant, article_id: int) -> Article:
    articles = Article.objects.for_merchant(merchant).select_related("merchant", "live_version")
    article: Article = get_object_or_404(articles, pk=article_id)
    return article


@require_GET
@merchant_page()
def articles(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    query = request.GET.get("q", "").strip()[:200]
    is_archive = request.GET.get("status") == ArticleStatus.ARCHIVED
    status = ArticleStatus.ARCHIVED if is_archive else ArticleStatus.PUBLISHED
    all_articles = Article.objects.for_merchant(merchant)
    counts = all_articles.aggregate(
        published=Count("pk", filter=Q(status=ArticleStatus.PUBLISHED)),
        archived=Count("pk", filter=Q(status=ArticleStatus.ARCHIVED)),
    )
    shown = all_articles.filter(status=status).select_related("live_version")
    page = Paginator(shown, PER_PAGE).get_page(request.GET.get("page"))
    answered = Question.objects.for_merchant(merchant).filter(
        is_covered=True, nearest_article__in=[article.pk for article in page]
    )
    context: dict[str, Any] = {
        "query": query,
        "hits": search_articles(merchant, query, MAX_FOUND) if query else None,
        "page": page,
        "is_archive": is_archive,
        "counts": counts,
        "n_answered": dict(answered.values_list("nearest_article").annotate(n=Count("pk")).order_by()),
        "may_edit": request.membership.role >= Role.REVIEWER,
    }
    return render(request, "improvement/articles.html", context)


@require_GET
@merchant_page()
def article(request: MerchantRequest, merchant: Merchant, article_id: int) -> HttpResponse:
    found = get_article(merchant, article_id)
    versions = list(found.versions.select_related("published_by", "revision__draft__gap"))
    shown: ArticleVersion | None = found.live_version
    if number := request.GET.get("version"):
        shown = get_object_or_404(found.versions, number=int(number) if number.isdecimal() else 0)
    nearest = Question.objects.for_merchant(merchant).filter(nearest_article=found)
    context = {
        "article": found,
        "shown": shown,
        "versions": versions,
        "is_live": shown is not None and shown.pk == found.live_version_id,
        "answered": nearest.filter(is_covered=True).select_related("conversation").order_by("-asked_at")[:5],
        "n_answered": nearest.filter(is_covered=True).count(),
        "n_missed": nearest.filter(is_covered=False).count(),
        "may_edit": request.membership.role >= Role.REVIEWER,
    }
    return render(request, "improvement/article.html", context)


@require_http_methods(["GET", "POST"])
@merchant_page(role=Role.REVIEWER)
def article_new(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    return edit(request, merchant, None)


@require_http_methods(["GET", "POST"])
@merchant_page(role=Role.REVIEWER)
def article_versions(request: MerchantRequest, merchant: Merchant, article_id: int) -> HttpResponse:
    return edit(request, merchant, get_article(merchant, article_id))


def edit(request: MerchantRequest, merchant: Merchant, found: Article | None) -> HttpResponse:
    """GET: the form. POST: a preview where the button `preview` sent it, else the text is saved."""
    form = ArticleForm(request.POST or None, initial=starting_values(found, merchant))
    context: dict[str, Any] = {"form": form, "article": found}
    if request.method == "GET":
        return render(request, "improvement/article_form.html", context)
    if not form.is_valid():
        return render(request, "improvement/article_form.html", context, status=422)
    entered = form.cleaned_data
    if "preview" in request.POST:
        return render(request, "improvement/article_form.html", {**context, "preview": entered})
    before = found.live_version_id if found else None
    try:
        saved = save_article(
            merchant,
            external_id=found.external_id if found else f"{slugify(entered['title'])[:80]}-{uuid4().hex[:8]}",
            title=entered["title"],
            body=entered["body"].replace("\r\n", "\n"),
            language=entered["language"],
            tags=entered["tags"],
            source_url=entered["source_url"],
            updated_at=timezone.now(),
            by=request.user,
        )
    except EmbeddingError as error:
        messages.error(request, _("Nothing was saved: %(reason)s") % {"reason": error})
        return render(request, "improvement/article_form.html", context, status=503)
    is_same = saved.live_version_id == before
    messages.success(
        request, _("Saved.") if is_same else _("Version %(n)d is live.") % {"n": saved.get_live_version().number}
    )
    return redirect("article", merchant.slug, saved.pk)


def starting_values(found: Article | None, merchant: Merchant) -> dict[str, str]:
    if found is None:
        return {"language": merchant.locale.split("-")[0]}
    live = found.get_live_version()
    return {
        "title": live.title,
        "body": live.body,
        "language": found.language,
        "tags": ", ".join(found.tags),
        "source_url": found.source_url,
    }


@require_POST
@merchant_page(role=Role.REVIEWER)
def article_archivals(request: MerchantRequest, merchant: Merchant, article_id: int) -> HttpResponse:
    found = get_article(merchant, article_id)
    archive_article(found, by=request.user, at=timezone.now())
    messages.success(request, _("Archived. The agent no longer gets it; saving it again brings it back."))
    return redirect("article", merchant.slug, found.pk)
