"""The exports for people: the same files, behind the buttons of the pages."""

from datetime import datetime

from django.core.exceptions import BadRequest
from django.http import StreamingHttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from analytics.export_formats import Format, export_response
from analytics.export_rows import CONVERSATION_COLUMNS, conversation_rows, metric_columns, metric_rows
from analytics.filters import FilterError, Filters
from portal.models import Merchant
from portal.periods import Period, PeriodError, parse_period
from portal.tenancy import MerchantRequest, merchant_page


@require_safe
@merchant_page()
def conversations_export(request: MerchantRequest, merchant: Merchant) -> StreamingHttpResponse:
    now = timezone.now()
    try:
        period, kind, filters = _asked(request, merchant, now)
        rows = conversation_rows(merchant, period, filters, now=now)
    except (PeriodError, FilterError) as error:
        raise BadRequest(error.message) from None
    return export_response(
        merchant,
        period,
        rows,
        what="conversations",
        columns=CONVERSATION_COLUMNS,
        kind=kind,
        for_spreadsheets=True,
    )


@require_safe
@merchant_page()
def metrics_export(request: MerchantRequest, merchant: Merchant) -> StreamingHttpResponse:
    """By day, as the trend shows it."""
    now = timezone.now()
    try:
        period, kind, filters = _asked(request, merchant, now)
    except (PeriodError, FilterError) as error:
        raise BadRequest(error.message) from None
    rows = metric_rows(merchant, period, step="day", by="", segment=filters.segment, now=now)
    return export_response(
        merchant, period, rows, what="metrics", columns=metric_columns(""), kind=kind, for_spreadsheets=True
    )


def _asked(request: MerchantRequest, merchant: Merchant, now: datetime) -> tuple[Period, Format, Filters]:
    """A file must not silently hold another period than the asked one, so nothing is put right here."""
    asked = request.GET.dict()
    period = parse_period(asked, zone=merchant.zone, now=now)
    try:
        kind = Format(asked.get("format", Format.CSV.value))
    except ValueError:
        raise BadRequest("Use format=csv, json or ndjson.") from None
    return period, kind, Filters.from_query(asked)
