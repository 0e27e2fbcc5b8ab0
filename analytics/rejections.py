"""Keeps why events were rejected: nothing vanishes, and no customer's words are kept with it."""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from django.db import connection

from analytics.events import Rejection
from analytics.models import RejectedEvents
from portal.models import Merchant

# So many different reasons a day; the rest are counted under one, so that a broken client fills no table.
MAX_REASONS_A_DAY = 200
OTHER = "Other reasons"

# What the sender wrote stands in quotes or brackets; moments are its values too.
_VALUE = re.compile(r"[“\"'].*[”\"']|\(.*\)|\d{4}-\d\d-\d\dT\S+", re.DOTALL)
# A name of a field, and nothing that a person would write.
_FIELD = re.compile(r"[\w.\[\]-]{0,80}", re.ASCII)

_RECORD = """
    INSERT INTO analytics_rejectedevents AS r (merchant_id, day, field, error, n, last_event_id, last_at)
    SELECT %s, %s, field, error, n, last_event_id, %s
    FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::text[]) AS new(field, error, n, last_event_id)
    ORDER BY field, error
    ON CONFLICT (merchant_id, day, field, error)
    DO UPDATE SET n = r.n + EXCLUDED.n, last_event_id = EXCLUDED.last_event_id, last_at = EXCLUDED.last_at
"""


def record_rejections(merchant: Merchant, rejected: Sequence[Rejection], *, now: datetime) -> None:
    day = now.astimezone(UTC).date()
    counts: Counter[tuple[str, str]] = Counter()
    last: dict[tuple[str, str], str] = {}
    known = set(RejectedEvents.objects.for_merchant(merchant).filter(day=day).values_list("field", "error"))
    for rejection in rejected:
        reason = (_field_of(rejection), _VALUE.sub("…", rejection.error)[:300])
        if reason not in known and len(known) >= MAX_REASONS_A_DAY:
            reason = ("", OTHER)
        known.add(reason)
        counts[reason] += 1
        last[reason] = rejection.id or last.get(reason, "")
    rows = [(field, error, n, last[field, error]) for (field, error), n in counts.items()]
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, [merchant.pk, day, now, *map(list, zip(*rows, strict=True))])


def _field_of(rejection: Rejection) -> str:
    field = re.sub(r"\[\d+\]", "[]", rejection.field)
    return field if _FIELD.fullmatch(field) else "…"
