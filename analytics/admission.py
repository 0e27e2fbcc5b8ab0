"""Who may wait for a merchant's counting lock (docs/decisions/002): few at once and not for long.

Batches of one merchant take turns anyway. Without a bound they would fill every thread of the web process while they
wait, and the next merchant would find none.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import OperationalError
from psycopg.errors import LockNotAvailable
from rest_framework import exceptions, status

from portal.models import Merchant

_inside: Counter[int] = Counter()
_lock = threading.Lock()


class CrowdedError(exceptions.APIException):
    status_code = status.HTTP_429_TOO_MANY_REQUESTS
    wait = 1.0

    def __init__(self) -> None:
        n = settings.INGEST_BATCHES_AT_ONCE
        super().__init__(f"{n} batches of this merchant are being taken already. Send one after the other.")


class BusyError(exceptions.APIException):
    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    wait = 5.0
    default_detail = "This merchant's numbers are being counted. Nothing was stored; send the batch again."


@contextmanager
def admit(merchant: Merchant) -> Iterator[None]:
    """Per process: what it protects are the threads of this one. Raises CrowdedError or BusyError."""
    with _lock:
        if _inside[merchant.pk] >= settings.INGEST_BATCHES_AT_ONCE:
            raise CrowdedError
        _inside[merchant.pk] += 1
    try:
        yield
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):  # lock_timeout, which portal/wsgi.py sets
            raise BusyError from error
        raise
    finally:
        with _lock:
            _inside[merchant.pk] -= 1
            if not _inside[merchant.pk]:
                del _inside[merchant.pk]
