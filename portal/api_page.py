"""Lists over REST: page by page in the order of change, and on from there later."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Model, Q, QuerySet
from drf_spectacular.utils import inline_serializer
from rest_framework import serializers
from rest_framework.response import Response

from portal.api import MerchantApiView
from portal.api_query import Moment, Query

PAGE_SIZE = 100
MAX_PAGE_SIZE = 500


CURSOR = r"^[0-9]{1,16}-[0-9]{1,18}$"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Position:
    """After one row. Rows of one batch share their moment, so the id is part of it."""

    moment: datetime
    id: int

    def encode(self) -> str:
        """Microseconds and id: every text of this form is a position."""
        return f"{(self.moment - EPOCH) // timedelta(microseconds=1)}-{self.id}"

    @classmethod
    def decode(cls, cursor: str) -> "Position":
        microseconds, row_id = cursor.split("-")
        return cls(EPOCH + timedelta(microseconds=int(microseconds)), int(row_id))


class Cursor(serializers.RegexField):
    default_error_messages = {"invalid": "Take it from `cursor` of an earlier answer, unchanged."}

    def __init__(self, **options: Any) -> None:
        super().__init__(CURSOR, **options)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        text = super().run_validation(data)
        return Position.decode(text) if isinstance(text, str) else text


class PageQuery(Query):
    updated_since = Moment(required=False, help_text="Only what changed at this moment or later.")
    cursor = Cursor(required=False, help_text="`cursor` of an earlier answer: only what changed after its last row.")
    page_size = serializers.IntegerField(min_value=1, max_value=MAX_PAGE_SIZE, default=PAGE_SIZE)


def read_page(
    view: MerchantApiView,
    rows: "QuerySet[Any]",
    serializer: type[serializers.BaseSerializer[Any]],
    *,
    by: str = "updated_at",
    context: dict[str, Any] | None = None,
) -> Response:
    """The rows after the asked position, the longest unchanged first. `by` is the column that a change moves.

    `next` leads to the following page, null where there is none yet. `cursor` is where this page ends: kept, it brings
    whatever changes afterwards.
    """
    asked = view.asked
    if since := asked.get("updated_since"):
        rows = rows.filter(**{f"{by}__gte": since})
    after: Position | None = asked.get("cursor")
    if after:
        rows = rows.filter(Q(**{f"{by}__gte": after.moment}) & (Q(**{f"{by}__gt": after.moment}) | Q(id__gt=after.id)))
    size = asked["page_size"]
    found: list[Model] = list(rows.order_by(by, "id")[: size + 1])
    page = found[:size]
    if page:
        after = Position(getattr(page[-1], by), page[-1].pk)
    cursor = after.encode() if after else None
    return Response(
        {
            "next": _with_cursor(view, cursor) if cursor and len(found) > size else None,
            "cursor": cursor,
            "results": serializer(page, many=True, context=context or {}).data,
        }
    )


def _with_cursor(view: MerchantApiView, cursor: str) -> str:
    query = view.request.query_params.copy()
    query["cursor"] = cursor
    return view.request.build_absolute_uri(f"{view.request.path}?{query.urlencode()}")


def page_of(serializer: type[serializers.BaseSerializer[Any]]) -> Any:
    """The shape of a page, for OpenAPI."""
    return inline_serializer(
        name=f"{serializer.__name__.removesuffix('Serializer')}Page",
        fields={
            "next": serializers.URLField(allow_null=True, help_text="The following page; null where there is none."),
            "cursor": serializers.CharField(
                allow_null=True, help_text="Where this page ends; null where nothing was ever found."
            ),
            "results": serializer(many=True),
        },
    )
