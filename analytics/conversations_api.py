"""Conversations out: a list that a client keeps up with, and one of them as it went."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.api_examples import CONVERSATION_EXAMPLE
from analytics.api_query import ConversationsQuery
from analytics.api_shapes import ConversationSerializer, OneConversationSerializer
from analytics.conversation_page import events_of
from analytics.events import FUTURE_TOLERANCE
from analytics.filters import FilterError
from analytics.models import Conversation
from analytics.outcomes import AUTHORS
from analytics.queries import conversations
from portal.api import MerchantApiView
from portal.api_page import page_of, read_page
from portal.models import Scope


class ConversationsView(MerchantApiView):
    scope = Scope.READ
    query = ConversationsQuery

    @extend_schema(
        operation_id="conversations_list",
        tags=["conversations"],
        summary="Conversations, the longest unchanged first",
        description=(
            "The filters are those of the page, and find what a number of the same period counts. Without a period, "
            "conversations of any time. To keep a copy, ask without filters and go on from `cursor`: changes are "
            "ordered as they were committed, so none is missed. A changed score or topic is no change of the "
            "conversation."
        ),
        responses=page_of(ConversationSerializer),
        examples=[
            OpenApiExample(
                "The last page",
                value={"next": None, "cursor": "1795422671204000-728", "results": [CONVERSATION_EXAMPLE]},
                response_only=True,
            )
        ],
    )
    def get(self, request: Request) -> Response:
        try:
            found = conversations(self.merchant, self.asked["window"], self.asked["filters"], now=self.now)
        except FilterError as error:
            raise exceptions.ValidationError({error.field: [error.message]}) from None
        if window := self.asked["window"]:
            # Nothing is changed before it began: the index conversation_updated need not be read from its start.
            found = found.filter(updated_at__gte=window.start - FUTURE_TOLERANCE)
        return read_page(self, found.defer("response_ms"), ConversationSerializer)


class ConversationView(MerchantApiView):
    scope = Scope.READ

    @extend_schema(
        operation_id="conversations_read",
        tags=["conversations"],
        summary="One conversation with its messages, sources, events and scores",
        description="Events past their retention are gone; the messages stay.",
        responses=OneConversationSerializer,
    )
    def get(self, request: Request, conversation_id: int) -> Response:
        rows = Conversation.objects.for_merchant(self.merchant).prefetch_related("messages", "scores")
        conversation = get_object_or_404(rows, pk=conversation_id)
        events = [
            event for event in events_of(self.merchant, conversation) if event.is_stored and event.type not in AUTHORS
        ]
        answer: dict[str, Any] = OneConversationSerializer(conversation, context={"events": events}).data
        return Response(answer)
