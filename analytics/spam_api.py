"""Spam over REST: a moderation tool says what is spam and what is not."""

from typing import Any, cast

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import exceptions, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.models import Conversation, Exclusion
from analytics.spam import SpamError, decide_spam
from portal.api import MerchantApiView
from portal.models import ApiKey, Scope


class SpamConflictError(exceptions.APIException):
    status_code = status.HTTP_409_CONFLICT


class SpamDecisionSerializer(serializers.Serializer[Any]):
    is_spam = serializers.BooleanField()
    reason = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class SpamAnswerSerializer(serializers.Serializer[Any]):
    is_changed = serializers.BooleanField(help_text="False where it had been decided so before.")
    exclusion = serializers.ChoiceField(choices=Exclusion.choices, allow_blank=True)


class SpamDecisionsView(MerchantApiView):
    scope = Scope.REVIEW

    @extend_schema(
        operation_id="conversations_decide_spam",
        tags=["conversations"],
        summary="Say that a conversation is spam, or that it is not",
        description="Spam is in no rate and counted apart. All numbers have changed when the answer comes.",
        request=SpamDecisionSerializer,
        responses={
            200: SpamAnswerSerializer,
            409: OpenApiResponse(description="Test traffic, or a conversation whose events are past their retention."),
        },
    )
    def post(self, request: Request, conversation_id: int) -> Response:
        rows = Conversation.objects.for_merchant(self.merchant).select_related("merchant")
        conversation = get_object_or_404(rows, pk=conversation_id)
        body = SpamDecisionSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        try:
            is_changed = decide_spam(
                conversation, **body.validated_data, by=None, via=cast(ApiKey, request.auth), now=self.now
            )
        except SpamError as error:
            raise SpamConflictError(str(error.message)) from error
        return Response({"is_changed": is_changed, "exclusion": conversation.exclusion})
