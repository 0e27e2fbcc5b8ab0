"""One page of the list of conversations: its rows, how many there are, and where the pages beside it begin."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Q, QuerySet

from analytics.filters import Filters
from analytics.lists import LISTS
from analytics.models import Conversation
from analytics.queries import conversations, totals
from analytics.text_search import Piece, find_passages
from portal.models import Merchant
from portal.periods import Period

PAGE_SIZE = 50
ORDER = ("-started_at", "-id")
# What a text search finds is counted up to here.
MOST_COUNTED = 10_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ConversationPage:
    """`newer` and `older` are cursors, empty where nothing lies beyond. `n` is a lower bound unless `is_counted`."""

    rows: Sequence[Conversation]
    n: int
    is_counted: bool
    newer: str
    older: str
    passages: Mapping[int, Sequence[Piece]]

    @property
    def lines(self) -> Iterator[tuple[Conversation, Sequence[Piece]]]:
        """Each row with the passage that was searched for."""
        return ((row, self.passages.get(row.pk, ())) for row in self.rows)

    @property
    def last(self) -> Conversation:
        return self.rows[-1]


def read_page(
    merchant: Merchant, period: Period, filters: Filters, *, before: str = "", after: str = "", now: datetime
) -> ConversationPage:
    """Goes on from a cursor over the index conversation_list, so that the last page costs as much as the first.

    Raises FilterError. A cursor that makes no sense leads to the first page.
    """
    found = conversations(merchant, period, filters, now=now)
    is_counted = True
    if filters.text:
        found, n, is_counted = _search(merchant, found)
    else:
        n = _count(merchant, period, filters, found, now=now)
    place = _parse(before) or _parse(after)
    is_backwards = place is not None and not _parse(before)
    rows = list(_beyond(found.defer("response_ms"), place, is_backwards=is_backwards)[: PAGE_SIZE + 1])
    has_more = len(rows) > PAGE_SIZE
    rows = rows[:PAGE_SIZE][:: -1 if is_backwards else 1]
    return ConversationPage(
        rows=rows,
        n=n,
        is_counted=is_counted,
        newer=_cursor(rows[0]) if rows and (has_more if is_backwards else place is not None) else "",
        older=_cursor(rows[-1]) if rows and (is_backwards or has_more) else "",
        passages=find_passages([row.pk for row in rows], filters.text) if filters.text else {},
    )


def _count(
    merchant: Merchant, period: Period, filters: Filters, found: QuerySet[Conversation], *, now: datetime
) -> int:
    """From the rollups where they hold this number; it is the same one, because the predicates are (lists.py)."""
    if not filters.is_counted_in_rollups:
        return found.order_by().count()
    n: int = getattr(totals(merchant, period, now=now, segment=filters.segment), LISTS[filters.outcome].column)
    return n


def _search(merchant: Merchant, found: QuerySet[Conversation]) -> tuple[QuerySet[Conversation], int, bool]:
    """Reads the index once: what it finds is counted, and then read by its ids unless it is more than is counted."""
    ids = list(found.order_by().values_list("pk", flat=True)[: MOST_COUNTED + 1])
    if len(ids) > MOST_COUNTED:
        return found, MOST_COUNTED, False
    return Conversation.objects.for_merchant(merchant).filter(pk__in=ids).order_by(*ORDER), len(ids), True


def _beyond(
    found: QuerySet[Conversation], place: tuple[datetime, int] | None, *, is_backwards: bool
) -> QuerySet[Conversation]:
    if place is None:
        return found
    moment, pk = place
    if is_backwards:
        newer = found.filter(Q(started_at__gt=moment) | Q(pk__gt=pk), started_at__gte=moment)
        return newer.order_by("started_at", "id")
    return found.filter(Q(started_at__lt=moment) | Q(pk__lt=pk), started_at__lte=moment)


def _cursor(row: Conversation) -> str:
    return f"{(row.started_at - EPOCH) // timedelta(microseconds=1)}-{row.pk}"


def _parse(cursor: str) -> tuple[datetime, int] | None:
    microseconds, _, pk = cursor.partition("-")
    if not (microseconds.isdecimal() and pk.isdecimal() and len(cursor) < 40):
        return None
    try:
        return EPOCH + timedelta(microseconds=int(microseconds)), int(pk)
    except OverflowError:
        return None
