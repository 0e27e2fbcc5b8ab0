"""Labels out as a CSV file, and in from one."""

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from analytics.export_formats import Format, file_response
from analytics.label_file_reading import LabelFileError, import_label_file
from analytics.label_files import label_columns, label_rows, mark_columns
from analytics.label_forms import LabelFileForm
from analytics.label_views import render_labels
from analytics.labelling import lease_next
from portal.models import Merchant, Role
from portal.tenancy import MerchantRequest, merchant_page

N_TOLD = 10


@never_cache
@require_safe
@merchant_page(role=Role.REVIEWER)
def labels_file(request: MerchantRequest, merchant: Merchant) -> StreamingHttpResponse:
    rows = label_rows(merchant, request.user, list(mark_columns(merchant).values()))
    name = f"{merchant.slug}-labels-{timezone.localdate(timezone=merchant.zone)}"
    columns = label_columns(merchant)
    return file_response(merchant, rows, name=name, columns=columns, kind=Format.CSV, for_spreadsheets=True)


@require_POST
@merchant_page(role=Role.OWNER)
def label_imports(request: MerchantRequest, merchant: Merchant) -> HttpResponse:
    now = timezone.now()
    form = LabelFileForm(request.POST, request.FILES)
    if not form.is_valid():
        return render_labels(request, merchant, lease_next(merchant, request.user, now=now), file_form=form)
    file = form.cleaned_data["file"]
    try:
        taken = import_label_file(merchant, file.read(), name=file.name[:100], by=request.user, now=now)
    except LabelFileError as error:
        form.faults, form.n_more = error.faults[:N_TOLD], max(0, len(error.faults) - N_TOLD)
        return render_labels(request, merchant, lease_next(merchant, request.user, now=now), file_form=form)
    result = taken.result
    told = {"added": result.n_added, "changed": result.n_replaced, "unchanged": result.n_unchanged}
    messages.success(request, _("Labels added: %(added)s, changed: %(changed)s, unchanged: %(unchanged)s.") % told)
    if taken.n_skipped:
        told = {"n": taken.n_skipped}
        messages.info(request, _("Passed over, because somebody skipped the conversation: %(n)s.") % told)
    return redirect("quality_labels", merchant.slug)
