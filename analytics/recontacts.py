"""Who came back: the same customer's next conversation, on any channel, within N days of the last message.

"The same issue" is read as "the same customer": every eligible conversation of a customer within the window refutes the
one before. That errs against the agent (a new issue counts as a re-contact), never in its favour.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from msgspec import Struct

from analytics.models import Counting

# Every look-up uses the index conversation_customer (merchant, customer_id, started_at).
_FIND = """
    WITH touched AS (
        SELECT DISTINCT customer, at
        FROM unnest(%(customers)s::text[], %(moments)s::timestamptz[]) AS t(customer, at)
    ),
    affected AS (
        SELECT customer, at FROM touched
        UNION
        SELECT t.customer, (
            SELECT max(p.started_at) FROM analytics_conversation p
            WHERE p.merchant_id = %(merchant)s AND p.customer_id = t.customer
                AND p.started_at < t.at AND p.exclusion = ''
        ) FROM touched t
    )
    SELECT c.id, c.channel, c.language, c.agent_version, c.started_at, c.outcome, c.is_disputed, c.recontacted_at,
        CASE WHEN c.exclusion = '' AND later.started_at <= c.last_event_at + %(window)s THEN later.started_at END
    FROM affected a
    JOIN analytics_conversation c
        ON c.merchant_id = %(merchant)s AND c.customer_id = a.customer AND c.started_at = a.at
    LEFT JOIN LATERAL (
        SELECT min(n.started_at) AS started_at FROM analytics_conversation n
        WHERE n.merchant_id = %(merchant)s AND n.customer_id = c.customer_id
            AND n.started_at > c.started_at AND n.exclusion = ''
    ) later ON true
"""
_UPDATE = """
    UPDATE analytics_conversation c SET recontacted_at = u.at, updated_at = %s
    FROM unnest(%s::bigint[], %s::timestamptz[]) AS u(id, at) WHERE c.id = u.id
"""
# The frame is the customer's next moment at which a conversation started: two at the same moment are no re-contact.
_RELINK = """
    WITH linked AS (
        SELECT id, CASE WHEN next_at <= last_event_at + %(window)s THEN next_at END AS at FROM (
            SELECT id, last_event_at, min(started_at) OVER (
                PARTITION BY customer_id ORDER BY started_at GROUPS BETWEEN 1 FOLLOWING AND 1 FOLLOWING
            ) AS next_at
            FROM analytics_conversation WHERE merchant_id = %(merchant)s AND exclusion = '' AND customer_id <> ''
        ) AS history
    )
    UPDATE analytics_conversation c SET recontacted_at = linked.at, updated_at = %(updated_at)s
    FROM analytics_conversation kept LEFT JOIN linked ON linked.id = kept.id
    WHERE c.id = kept.id AND c.merchant_id = %(merchant)s AND c.recontacted_at IS DISTINCT FROM linked.at
"""


class Contact(Struct, frozen=True):
    """One conversation of a customer who may have come back, before and after."""

    id: int
    channel: str
    language: str
    agent_version: str
    started_at: datetime
    outcome: str
    is_disputed: bool
    before: datetime | None
    after: datetime | None


def link_recontacts(
    counting: Counting, moments: Iterable[tuple[str, datetime]], *, updated_at: datetime
) -> list[Contact]:
    """Looks anew at the conversations at these (customer, start) moments and at the ones just before.

    Returns the conversations whose re-contact changed. `counting` was locked by the caller.
    """
    known: Sequence[tuple[str, datetime]] = [(customer, at) for customer, at in moments if customer]
    if not known:
        return []
    parameters: dict[str, Any] = {
        "merchant": counting.merchant_id,
        "customers": [customer for customer, _ in known],
        "moments": [at for _, at in known],
        "window": counting.recontact_window,
    }
    with connection.cursor() as cursor:
        cursor.execute(_FIND, parameters)
        changed = [contact for row in cursor.fetchall() if (contact := Contact(*row)).before != contact.after]
        if changed:
            cursor.execute(_UPDATE, [updated_at, [each.id for each in changed], [each.after for each in changed]])
    return changed


def relink_all(counting: Counting, *, updated_at: datetime) -> int:
    """Looks anew at every customer; leaves the rollups to the caller. Returns how many conversations changed."""
    parameters: dict[str, Any] = {
        "merchant": counting.merchant_id,
        "window": counting.recontact_window,
        "updated_at": updated_at,
    }
    with connection.cursor() as cursor:
        cursor.execute(_RELINK, parameters)
        return int(cursor.rowcount)
