"""Who came back: the same customer's next conversation, on any channel, within N days of the last message.

"The same issue" is read as "the same customer": every eligible conversation of a customer within the window refutes the
one before. That errs against the agent (a new issue counts as a re-contact), never in its favour.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from msgspec import Struct

from portal.models import Merchant

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
    merchant: Merchant, moments: Iterable[tuple[str, datetime]], *, updated_at: datetime
) -> list[Contact]:
    """Looks anew at the conversations at these (customer, start) moments and at the ones just before.

    Returns the conversations whose re-contact changed. The caller holds the merchant's lock.
    """
    known: Sequence[tuple[str, datetime]] = [(customer, at) for customer, at in moments if customer]
    if not known:
        return []
    parameters: dict[str, Any] = {
        "merchant": merchant.pk,
        "customers": [customer for customer, _ in known],
        "moments": [at for _, at in known],
        "window": timedelta(days=merchant.recontact_days),
    }
    with connection.cursor() as cursor:
        cursor.execute(_FIND, parameters)
        changed = [contact for row in cursor.fetchall() if (contact := Contact(*row)).before != contact.after]
        if changed:
            cursor.execute(_UPDATE, [updated_at, [each.id for each in changed], [each.after for each in changed]])
    return changed
