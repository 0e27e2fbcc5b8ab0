"""Imports: upload, the preview of what would change, and the decision."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from improvement.article_forms import ImportForm
from improvement.article_importing import count_outcomes, name_collection
from improvement.article_tasks import apply_article_import, read_article_import
from improvement.errors import RefusedError
from improvement.models import ArticleImport, EntryOutcome, ImportState
from portal.models import Job, Merchant, Role
from portal.tenancy import MerchantRequest, merchant_page

PER_PAGE = 25
JOB_KIND = "article_import"


def get_import(merchant: Merchant, import_id: int) -> ArticleImport:
    imports = ArticleImport.objects.for_merchant(merchant).select_related("merchant", "created_by").defer("upload")
    found: ArticleImport = get_object_or_404(imports, pk=import_id)
    return found


@require_http_methods(["GET", "POST"])
@merchant_page(role=Role.REVIEWER)
def article_imports(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    initial = {"language": merchant.locale.split("-")[0]}
    form = ImportForm(request.POST or None, request.FILES or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        return redirect("article_import", merchant.slug, start_import(request, merchant, form.cleaned_data).pk)
    imports = ArticleImport.objects.for_merchant(merchant).select_related("created_by").defer("upload")
    page = Paginator(imports, PER_PAGE).get_page(request.GET.get("page"))
    status = 422 if request.method == "POST" else 200
    return render(request, "improvement/article_imports.html", {"form": form, "page": page}, status=status)


def start_import(request: MerchantRequest, merchant: Merchant, entered: dict[str, Any]) -> ArticleImport:
    file, address = entered["file"], entered["address"]
    name = file.name if file else address
    found = ArticleImport.start(
        merchant,
        name=name[-200:],
        collection=entered["collection"] or name_collection(name),
        language=entered["language"],
        audience=entered["audience"],
        upload=file.read() if file else None,
        created_by=request.user,
    )
    job = Job.start(merchant, JOB_KIND, by=request.user, target_id=found.pk)
    transaction.on_commit(lambda: read_article_import.delay(found.pk, job.pk), robust=True)
    return found


@require_GET
@merchant_page(role=Role.REVIEWER)
def article_import(request: MerchantRequest, merchant: Merchant, import_id: int) -> HttpResponse:
    found = get_import(merchant, import_id)
    counts = count_outcomes(found)
    shown = [EntryOutcome(value) for value, n in counts.items() if n]
    outcome = request.GET.get("outcome", "")
    if outcome not in counts or not counts[outcome]:
        outcome = next((one.value for one in shown if one != EntryOutcome.WAITING), "")
    entries = found.entries.filter(outcome=outcome).select_related("article").defer("body")
    job = Job.objects.for_merchant(merchant).select_related("merchant").filter(kind=JOB_KIND, target_id=found.pk)
    context = {
        "found": found,
        "tabs": [(one.value, one.label, counts[one.value]) for one in shown],
        "counts": counts,
        "outcome": outcome,
        "page": Paginator(entries, PER_PAGE).get_page(request.GET.get("page")),
        "job": job.first(),
        "n_changes": counts[EntryOutcome.NEW] + counts[EntryOutcome.CHANGED],
        "is_ready": found.state == ImportState.READY,
    }
    return render(request, "improvement/article_import.html", context)


@require_POST
@merchant_page(role=Role.REVIEWER)
def article_import_applications(request: MerchantRequest, merchant: Merchant, import_id: int) -> HttpResponse:
    """Whoever comes second changes nothing."""
    found = get_import(merchant, import_id)
    archives_missing = "archive_missing" in request.POST
    if found.move(ImportState.READY, ImportState.APPLYING, archives_missing=archives_missing, state_reason=""):
        job = Job.start(merchant, JOB_KIND, by=request.user, target_id=found.pk)
        transaction.on_commit(lambda: apply_article_import.delay(found.pk, job.pk), robust=True)
    else:
        messages.error(request, _("This import was decided on already."))
    return redirect("article_import", merchant.slug, found.pk)


@require_POST
@merchant_page(role=Role.REVIEWER)
def article_import_discards(request: MerchantRequest, merchant: Merchant, import_id: int) -> HttpResponse:
    found = get_import(merchant, import_id)
    try:
        found.discard(at=timezone.now())
    except RefusedError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Discarded. Nothing was changed."))
    return redirect("article_imports", merchant.slug)
