"""The period that a page's URL asks for."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest

from portal.models import Merchant
from portal.periods import Period, PeriodError, parse_period


def asked_period(request: HttpRequest, merchant: Merchant, *, now: datetime) -> Period:
    """A period that makes no sense is answered with the usual one, and said so."""
    try:
        return parse_period(request.GET.dict(), zone=merchant.zone, now=now)
    except PeriodError as error:
        messages.warning(request, error.message)
        return parse_period({}, zone=merchant.zone, now=now)
