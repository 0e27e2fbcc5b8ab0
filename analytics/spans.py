"""Which parts of some windows are read from sealed days, and which from the hours and scores themselves.

It is decided inside the statement that reads, so that a day that is unsealed at the same moment is read one way or the
other, never both ways or neither.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from portal.models import Merchant
from portal.periods import Period

# Begins a statement. `sealed` are the days that lie whole within one window and are cut nowhere, `rest` is what the
# windows hold besides, as few spans as there can be. Reads the unique index sealed_day_once. The conditions of `rest`
# always hold: the planner takes it for ten spans otherwise, and sorts wide rows instead of hashing them.
WITH_SPANS = """
    WITH sealed AS MATERIALIZED (
        SELECT starts_at, ends_at FROM analytics_sealedday
        WHERE merchant_id = %(merchant)s AND %(reads_days)s AND starts_at >= %(first)s AND starts_at < %(last)s
            AND %(windows)s::tstzmultirange @> tstzrange(starts_at, ends_at)
            AND NOT EXISTS (SELECT FROM unnest(%(cuts)s::timestamptz[]) AS cut WHERE cut > starts_at AND cut < ends_at)
    ), rest AS MATERIALIZED (
        SELECT lower(span) AS starts_at, upper(span) AS ends_at FROM unnest(ARRAY(
            SELECT unnest(%(windows)s::tstzmultirange
                - coalesce((SELECT range_agg(tstzrange(starts_at, ends_at)) FROM sealed), tstzmultirange()))
        )) AS span WHERE NOT isempty(span) AND lower(span) < upper(span)
    )
"""
# All rollups of the hours of `span`. OFFSET 0 keeps it a loop over the index rollup_bucket: the planner takes a range
# for half of a table.
HOURS_OF_SPAN = """
    SELECT r.* FROM analytics_rollup r
    WHERE r.merchant_id = %(merchant)s AND r.hour >= span.starts_at AND r.hour < span.ends_at OFFSET 0
"""
# The reasons of the escalated conversations that started within `span`, over the index conversation_list.
HANDOFFS_OF_SPAN = """
    SELECT c.handoff_reason, c.channel, c.language, c.agent_version FROM analytics_conversation c
    WHERE c.merchant_id = %(merchant)s AND c.started_at >= span.starts_at AND c.started_at < span.ends_at
        AND c.exclusion = '' AND c.outcome = 'escalated' OFFSET 0
"""


def span_parameters(
    merchant: Merchant, windows: Sequence[Period], *, cuts: Iterable[datetime] = (), reads_days: bool = True
) -> dict[str, Any]:
    """No sealed day is read across one of the windows' edges or of the `cuts`."""
    edges = [edge for window in windows for edge in (window.start, window.end)]
    spans = (
        f"[{window.start.isoformat()},{window.end.isoformat()})" for window in windows if window.start < window.end
    )
    return {
        "merchant": merchant.pk,
        "windows": "{" + ",".join(spans) + "}",
        "first": min(edges),
        "last": max(edges),
        "cuts": [*edges, *cuts],
        "reads_days": reads_days,
    }
