"""What a client may do about a gap over REST, with the scope review: the same verbs as on its page."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from improvement.api.drafts import ConflictError
from improvement.api.gaps import GapSerializer
from improvement.errors import RefusedError
from improvement.models import Dismissal, Gap, GapMerge, merge_gaps, split_gap
from portal.api import MerchantApiView
from portal.api_query import Text
from portal.models import ApiKey, Scope

MAX_QUESTIONS = 1000
T = TypeVar("T")
REFUSED = OpenApiResponse(description="Nothing was changed; the answer says why.")


class NameSerializer(serializers.Serializer[Any]):
    name = Text(max_length=160)


class DismissSerializer(serializers.Serializer[Any]):
    dismissal = serializers.ChoiceField(choices=Dismissal.choices)
    reason = Text(max_length=300, allow_blank=True, default="")


class MergeSerializer(serializers.Serializer[Any]):
    into = serializers.IntegerField(min_value=1, max_value=2**63 - 1, help_text="The gap that takes the questions.")


class SplitSerializer(serializers.Serializer[Any]):
    name = Text(max_length=160)
    question_ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1), min_length=1, max_length=MAX_QUESTIONS
    )


class GapActionView(MerchantApiView):
    scope = Scope.REVIEW

    def get_gap(self, gap_id: int) -> Gap:
        gaps = Gap.objects.for_merchant(self.merchant).select_related("merchant")
        gap: Gap = get_object_or_404(gaps, pk=gap_id)
        return gap

    def read(self, serializer: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
        body = serializer(data=request.data)
        body.is_valid(raise_exception=True)
        return cast(dict[str, Any], body.validated_data)

    @property
    def key(self) -> ApiKey:
        return cast(ApiKey, self.request.auth)


def attempt(act: Callable[[], T]) -> T:
    try:
        return act()
    except RefusedError as error:
        raise ConflictError(error.message) from error


def answer(gap: Gap, code: int = status.HTTP_201_CREATED) -> Response:
    gap.refresh_from_db()
    return Response(GapSerializer(gap).data, status=code)


class GapNamesView(GapActionView):
    @extend_schema(
        operation_id="gaps_rename",
        tags=["gaps"],
        summary="Give a gap a name that stays",
        request=NameSerializer,
        responses={201: GapSerializer, 409: REFUSED},
    )
    def post(self, request: Request, gap_id: int) -> Response:
        gap, entered = self.get_gap(gap_id), self.read(NameSerializer, request)
        attempt(lambda: gap.rename(entered["name"], by=None, via=self.key))
        return answer(gap)


class GapDismissalsView(GapActionView):
    @extend_schema(
        operation_id="gaps_dismiss",
        tags=["gaps"],
        summary="Take a gap off the list, with the reason",
        request=DismissSerializer,
        responses={201: GapSerializer, 409: REFUSED},
    )
    def post(self, request: Request, gap_id: int) -> Response:
        gap, entered = self.get_gap(gap_id), self.read(DismissSerializer, request)
        dismissal = Dismissal(entered["dismissal"])
        attempt(lambda: gap.dismiss(by=None, via=self.key, dismissal=dismissal, reason=entered["reason"]))
        return answer(gap)


class GapReopeningsView(GapActionView):
    @extend_schema(
        operation_id="gaps_reopen",
        tags=["gaps"],
        summary="Put a dismissed or addressed gap on the list again",
        request=None,
        responses={201: GapSerializer, 409: REFUSED},
    )
    def post(self, request: Request, gap_id: int) -> Response:
        gap = self.get_gap(gap_id)
        attempt(lambda: gap.reopen(by=None, via=self.key))
        return answer(gap)


class GapMergesView(GapActionView):
    @extend_schema(
        operation_id="gaps_merge",
        tags=["gaps"],
        summary="Make a gap part of another one",
        request=MergeSerializer,
        responses={201: GapSerializer, 409: REFUSED},
    )
    def post(self, request: Request, gap_id: int) -> Response:
        gap, entered = self.get_gap(gap_id), self.read(MergeSerializer, request)
        target = self.get_gap(entered["into"])
        attempt(lambda: merge_gaps(gap, target, by=None, via=self.key))
        return answer(gap)

    @extend_schema(
        operation_id="gaps_unmerge",
        tags=["gaps"],
        summary="Take a gap apart again from the one that it was merged into",
        responses={200: GapSerializer},
    )
    def delete(self, request: Request, gap_id: int) -> Response:
        gap = self.get_gap(gap_id)
        merges = GapMerge.objects.for_merchant(self.merchant).select_related("source", "target", "merchant")
        merge: GapMerge = get_object_or_404(merges, source=gap, undone_at=None)
        attempt(lambda: merge.undo(by=None, via=self.key))
        return answer(gap, status.HTTP_200_OK)


class GapSplitsView(GapActionView):
    @extend_schema(
        operation_id="gaps_split",
        tags=["gaps"],
        summary="Make some of a gap's questions a gap of their own",
        request=SplitSerializer,
        responses={201: GapSerializer, 409: REFUSED},
    )
    def post(self, request: Request, gap_id: int) -> Response:
        gap, entered = self.get_gap(gap_id), self.read(SplitSerializer, request)
        ids, name = entered["question_ids"], entered["name"]
        return answer(attempt(lambda: split_gap(gap, ids, name, by=None, via=self.key)))
