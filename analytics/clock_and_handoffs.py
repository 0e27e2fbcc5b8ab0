"""Two counts that rollups of days do not hold: by the hour of the week, and by the reason of the handoff.

Of a part of the traffic they are read from hours and conversations, of all of it from sealed days where there are some.
"""

from typing import Any

from django.db import connection

from analytics.models.sealed import BY_CLOCK
from analytics.segments import Segment
from analytics.spans import HANDOFFS_OF_SPAN, HOURS_OF_SPAN, WITH_SPANS, span_parameters
from portal.models import Merchant
from portal.periods import Period

_DAY = "analytics_sealedday d ON d.merchant_id = %(merchant)s AND d.starts_at = sealed.starts_at"
_ROWS = ", ".join(BY_CLOCK)
_SUMS = ", ".join(f"sum({name})::bigint" for name in BY_CLOCK)
# Keys are those of queries.HOURS_OF_WEEK.
_HOURS_OF_WEEK = f"""
    {WITH_SPANS}
    SELECT key, {_SUMS} FROM (
        SELECT to_char(d.starts_at AT TIME ZONE %(zone)s, 'ID-') || lpad((clock.place - 1)::text, 2, '0') AS key,
            {", ".join(f"clock.{name}" for name in BY_CLOCK)}
        FROM sealed JOIN {_DAY}
        CROSS JOIN LATERAL unnest({", ".join(f"d.{name}" for name in BY_CLOCK)})
            WITH ORDINALITY AS clock({_ROWS}, place)
        UNION ALL
        SELECT to_char(hour AT TIME ZONE %(zone)s, 'ID-HH24'), {_ROWS}
        FROM rest AS span CROSS JOIN LATERAL ({HOURS_OF_SPAN}) AS hours WHERE {{wanted}}
    ) AS parts GROUP BY key
"""
_HANDOFFS = f"""
    {WITH_SPANS}
    SELECT reason, sum(n)::bigint FROM (
        SELECT handoff.key AS reason, handoff.value::bigint AS n
        FROM sealed JOIN {_DAY} CROSS JOIN LATERAL jsonb_each_text(d.handoffs) AS handoff
        UNION ALL
        SELECT handoff_reason, 1 FROM rest AS span CROSS JOIN LATERAL ({HANDOFFS_OF_SPAN}) AS escalated WHERE {{wanted}}
    ) AS parts GROUP BY reason
"""


def count_hours_of_week(merchant: Merchant, period: Period, segment: Segment) -> dict[str, dict[str, Any]]:
    """The counts of BY_CLOCK by weekday and hour of the merchant's clock, such as 1-09; without the empty ones."""
    return {
        key: dict(zip(BY_CLOCK, sums, strict=True)) for key, *sums in _read(_HOURS_OF_WEEK, merchant, period, segment)
    }


def count_handoffs(merchant: Merchant, period: Period, segment: Segment) -> dict[str, int]:
    """Escalated conversations by reason; the empty one where a teammate answered without a handoff."""
    return dict(_read(_HANDOFFS, merchant, period, segment))


def _read(query: str, merchant: Merchant, period: Period, segment: Segment) -> list[tuple[Any, ...]]:
    wanted = " AND ".join(("TRUE", *(f"{name} = %({name})s" for name in segment.chosen)))
    parameters = span_parameters(merchant, [period], reads_days=not segment.chosen)
    with connection.cursor() as cursor:
        cursor.execute(query.format(wanted=wanted), parameters | segment.chosen | {"zone": merchant.timezone})
        return list(cursor.fetchall())
