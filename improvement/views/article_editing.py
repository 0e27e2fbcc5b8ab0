"""Writing and changing articles: the editor with its preview, old versions brought back, the archive and its undo."""

from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from improvement.article_forms import ArticleForm
from improvement.article_page import compare_texts
from improvement.articles import (
    VersionConflictError,
    archive_article,
    restore_version,
    save_article,
    unarchive_article,
)
from improvement.models import Article
from improvement.views.articles import get_article
from portal.embeddings import EmbeddingError
from portal.models import Merchant, Role
from portal.tenancy import MerchantRequest, merchant_page

MAX_PREVIEW = 50_000


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
    if request.method == "GET":
        return show_form(request, form, found)
    if not form.is_valid():
        return show_form(request, form, found, status=422)
    entered = form.cleaned_data
    if "preview" in request.POST:
        return show_form(request, form, found, preview=entered)
    before = found.live_version_id if found else None
    try:
        saved = save_article(
            merchant,
            external_id=found.external_id if found else f"{slugify(entered['title'])[:80]}-{uuid4().hex[:8]}",
            title=entered["title"],
            body=entered["body"],
            language=entered["language"],
            audience=entered["audience"],
            tags=entered["tags"],
            source_url=entered["source_url"],
            updated_at=timezone.now(),
            by=request.user,
            expected_version=entered["version"] if found else None,
        )
    except EmbeddingError as error:
        return show_form(request, form, found, status=503, failure=str(error))
    except VersionConflictError as error:
        return show_conflict(request, form, error)
    is_same = saved.live_version_id == before
    messages.success(
        request, _("Saved.") if is_same else _("Version %(n)d is live.") % {"n": saved.get_live_version().number}
    )
    return redirect("article", merchant.slug, saved.pk)


def show_form(
    request: MerchantRequest, form: ArticleForm, found: Article | None, *, status: int = 200, **more: Any
) -> HttpResponse:
    context = {"form": form, "article": found, "is_changed": request.method == "POST", **more}
    return render(request, "improvement/article_form.html", context, status=status)


def show_conflict(request: MerchantRequest, form: ArticleForm, conflict: VersionConflictError) -> HttpResponse:
    """Both texts: what was typed stays in the form, and saving it again then replaces what is shown of the other."""
    article = conflict.article
    if article is None:
        return show_form(request, form, None, status=409)
    live = article.get_live_version()
    form.data = {**dict(form.data.items()), "version": str(live.number)}
    theirs = {
        "version": live,
        "changes": compare_texts(live.body, form.cleaned_data["body"].replace("\r\n", "\n").strip() + "\n"),
    }
    return show_form(request, form, article, status=409, theirs=theirs)


def starting_values(found: Article | None, merchant: Merchant) -> dict[str, Any]:
    if found is None:
        return {"language": merchant.locale.split("-")[0], "version": 0}
    live = found.get_live_version()
    return {
        "title": live.title,
        "body": live.body,
        "language": found.language,
        "audience": found.audience,
        "tags": ", ".join(found.tags),
        "source_url": found.source_url,
        "version": live.number,
    }


@require_POST
@merchant_page(role=Role.REVIEWER)
def article_previews(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    """The part of the editor that follows what is typed; rendered as the article's page will be."""
    preview = {"title": request.POST.get("title", "")[:200], "body": request.POST.get("body", "")[:MAX_PREVIEW]}
    return render(request, "improvement/_article_preview.html", {"preview": preview})


@require_POST
@merchant_page(role=Role.REVIEWER)
def article_restorations(request: MerchantRequest, merchant: Merchant, article_id: int) -> HttpResponse:
    """An old version becomes the newest. Where somebody saved since the page was opened nothing is done."""
    found = get_article(merchant, article_id)
    numbers = [request.POST.get(name, "") for name in ("number", "live")]
    number, live = (int(given) if given.isdecimal() else 0 for given in numbers)
    version = get_object_or_404(found.versions, number=number)
    try:
        saved = restore_version(found, version, by=request.user, expected_version=live)
    except EmbeddingError as error:
        messages.error(request, _("Nothing was changed: %(reason)s") % {"reason": error})
    except VersionConflictError as error:
        messages.error(request, f"{error.message} {_('Nothing was changed; look at the newest version first.')}")
    else:
        live_number = saved.get_live_version().number
        text = _("Version %(n)d is live, with the text of version %(old)d.") % {"n": live_number, "old": number}
        messages.success(request, text)
    return redirect("article", merchant.slug, found.pk)


@require_POST
@merchant_page(role=Role.REVIEWER)
def article_archivals(request: MerchantRequest, merchant: Merchant, article_id: int) -> HttpResponse:
    found = get_article(merchant, article_id)
    archive_article(found, by=request.user, at=timezone.now())
    messages.success(request, _("Archived. The agent no longer gets it; below you can bring it back."))
    return redirect("article", merchant.slug, found.pk)


@require_POST
@merchant_page(role=Role.REVIEWER)
def article_unarchivals(request: MerchantRequest, merchant: Merchant, article_id: int) -> HttpResponse:
    found = get_article(merchant, article_id)
    try:
        unarchive_article(found, by=request.user, at=timezone.now())
    except EmbeddingError as error:
        messages.error(request, _("Nothing was changed: %(reason)s") % {"reason": error})
    else:
        messages.success(request, _("Back. The agent gets it with its next look."))
    return redirect("article", merchant.slug, found.pk)
