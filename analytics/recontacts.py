"""Who came back: the same customer's next conversation, on any channel, within N days of the last message.

"The same issue" is read as "the same customer": every eligible conversation of a customer within the window refutes the
one before. That errs against the agent (a new issue counts as a re-contact), never in its favour.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from msgspec import Struct

from analytics.models import Counting

# A conversation that goes on for longer than this is not re-contacted after it: so much history is read at most.
LONGEST = timedelta(days=90)

# One pass over the customers' conversations, by the index conversation_customer, without a join: of a new merchant the
# planner knows nothing and would compare every row with every other. (SELECT …) hides the merchant and the moment from
# it as well, see bulk.ANY_MERCHANT. The frame is the next moment at which an eligible conversation of the customer
# started: two at the same moment are no re-contact.
_HISTORY = """
    SELECT id, channel, language, agent_version, started_at, outcome, is_disputed, recontacted_at, new_at FROM (
        SELECT *, CASE WHEN exclusion = '' AND customer_id <> ''
            AND next_at <= least(last_event_at + %(window)s, started_at + %(longest)s) THEN next_at END AS new_at
        FROM (
            SELECT id, channel, language, agent_version, customer_id, started_at, last_event_at, outcome, is_disputed,
                exclusion, recontacted_at, min(started_at) OVER (
                    PARTITION BY customer_id, exclusion = '' ORDER BY started_at
                    GROUPS BETWEEN 1 FOLLOWING AND 1 FOLLOWING
                ) AS next_at
            FROM analytics_conversation WHERE merchant_id = (SELECT %(merchant)s::bigint) {customers}
        ) AS history
    ) AS linked WHERE recontacted_at IS DISTINCT FROM new_at
"""
_OF_SOME = _HISTORY.format(
    customers="AND customer_id = ANY(%(customers)s) AND started_at >= (SELECT %(since)s::timestamptz)"
)
_OF_ALL = _HISTORY.format(customers="")
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
    counting: Counting, moments: Iterable[tuple[str, datetime]], *, updated_at: datetime
) -> list[Contact]:
    """Looks anew at the customers of these (customer, start) moments; `counting` was locked by the caller.

    Returns the conversations whose re-contact changed.
    """
    known = [(customer, at) for customer, at in moments if customer]
    if not known:
        return []
    customers = list({customer for customer, _ in known})
    since = min(at for _, at in known) - LONGEST
    return _link(counting, _OF_SOME, {"customers": customers, "since": since}, updated_at=updated_at)


def relink_all(counting: Counting, *, updated_at: datetime) -> int:
    """Looks anew at every customer; leaves the rollups to the caller. Returns how many conversations changed."""
    return len(_link(counting, _OF_ALL, {}, updated_at=updated_at))


def _link(counting: Counting, query: str, parameters: dict[str, Any], *, updated_at: datetime) -> list[Contact]:
    parameters |= {"merchant": counting.merchant_id, "window": counting.recontact_window, "longest": LONGEST}
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        changed = [Contact(*row) for row in cursor.fetchall()]
        if changed:
            cursor.execute(_UPDATE, [updated_at, [each.id for each in changed], [each.after for each in changed]])
    return changed
