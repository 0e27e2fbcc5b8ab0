"""Drafts over REST: read them, and decide on one revision."""

from typing import Any, cast

from django.db.models import Prefetch
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import exceptions, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from improvement.errors import RefusedError
from improvement.models import Decision, Draft, DraftRevision, DraftState, Effect, Review, Writer
from portal.api import MerchantApiView
from portal.api_page import PageQuery, page_of, read_page
from portal.api_query import Choice, Text
from portal.models import ApiKey, Scope


class ConflictError(exceptions.APIException):
    status_code = status.HTTP_409_CONFLICT


class CitationSerializer(serializers.Serializer[Any]):
    mark = serializers.IntegerField(help_text="The [n] in the body.")
    kind = serializers.ChoiceField(choices=["teammate", "article", "customer"])
    ref = serializers.IntegerField()
    conversation_id = serializers.IntegerField(allow_null=True)
    quote = serializers.CharField()


class ClaimSerializer(serializers.Serializer[Any]):
    claim = serializers.CharField()
    marks = serializers.ListField(child=serializers.IntegerField())
    support = serializers.FloatField(min_value=0, max_value=1)
    is_supported = serializers.BooleanField()
    problem = serializers.ChoiceField(choices=["", "no_source", "number", "negation", "words"])


class BacktestSerializer(serializers.Serializer[Any]):
    n_held_out = serializers.IntegerField(help_text="Past questions that the writer never saw; 0: too few to spare.")
    covered_before = serializers.IntegerField()
    covered_after = serializers.IntegerField()
    n_neighbours = serializers.IntegerField()
    regressions = serializers.IntegerField()


class RevisionSerializer(serializers.ModelSerializer[DraftRevision]):
    writer = serializers.ChoiceField(choices=Writer.choices)
    citations = CitationSerializer(many=True)
    grounding = ClaimSerializer(many=True)
    backtest = BacktestSerializer()

    class Meta:
        model = DraftRevision
        fields = ("number", "title", "body", "language", "writer", "citations", "grounding", "backtest", "created_at")


class ReviewSerializer(serializers.ModelSerializer[Review]):
    revision = serializers.IntegerField(source="revision.number")
    reviewer = serializers.CharField(source="reviewer_name")

    class Meta:
        model = Review
        fields = ("decision", "revision", "comment", "reviewer", "created_at", "published_at")


class EffectSerializer(serializers.ModelSerializer[Effect]):
    class Meta:
        model = Effect
        fields = (
            *("verdict", "n_before", "n_after", "n_control_before", "n_control_after", "rate_before", "rate_after"),
            *("control_change", "change", "change_low", "change_high", "measured_at"),
        )


class DraftSerializer(serializers.ModelSerializer[Draft]):
    state = serializers.ChoiceField(choices=DraftState.choices)
    gap_id = serializers.IntegerField()
    gap_name = serializers.CharField(source="gap.name")
    article_id = serializers.CharField(source="article.external_id", default=None, allow_null=True)
    revision = serializers.SerializerMethodField(help_text="The latest; null until it is written.")

    class Meta:
        model = Draft
        fields: tuple[str, ...] = (
            *("id", "state", "state_reason", "gap_id", "gap_name", "article_id"),
            *("revision", "created_at", "updated_at"),
        )

    @extend_schema_field(RevisionSerializer(allow_null=True))
    def get_revision(self, draft: Draft) -> Any:
        revisions = list(draft.revisions.all())
        return RevisionSerializer(revisions[0]).data if revisions else None


class OneDraftSerializer(DraftSerializer):
    reviews = ReviewSerializer(many=True)
    effect = serializers.SerializerMethodField(help_text="Null until it was measured.")

    class Meta:
        model = Draft
        fields: tuple[str, ...] = (*DraftSerializer.Meta.fields, "reviews", "effect")

    @extend_schema_field(EffectSerializer(allow_null=True))
    def get_effect(self, draft: Draft) -> Any:
        effects = Effect.objects.for_merchant(draft.merchant).filter(version__revision__draft=draft)
        effect = effects.order_by("-version__published_at").first()
        return EffectSerializer(effect).data if effect else None


class DecisionSerializer(serializers.Serializer[Any]):
    decision = serializers.ChoiceField(choices=Decision.choices)
    revision = serializers.IntegerField(min_value=1, help_text="The number of the revision that was read.")
    comment = Text(max_length=2000, allow_blank=True, default="", help_text="Required to reject.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["decision"] == Decision.REJECTED and not attrs["comment"].strip():
            raise serializers.ValidationError({"comment": ["Say why the draft is rejected."]})
        return attrs


class DraftsQuery(PageQuery):
    state = Choice(DraftState.values, required=False)


class DraftsView(MerchantApiView):
    scope = Scope.READ
    query = DraftsQuery

    @extend_schema(
        operation_id="drafts_list",
        tags=["drafts"],
        summary="Drafts with their latest revision, by the time of their last change",
        responses=page_of(DraftSerializer),
    )
    def get(self, request: Request) -> Response:
        drafts = Draft.objects.for_merchant(self.merchant).select_related("gap", "article")
        drafts = drafts.prefetch_related(Prefetch("revisions", DraftRevision.objects.order_by("-number")))
        if state := self.asked.get("state"):
            drafts = drafts.filter(state=state)
        return read_page(self, drafts, DraftSerializer)


class DraftView(MerchantApiView):
    scope = Scope.READ

    @extend_schema(
        operation_id="drafts_read",
        tags=["drafts"],
        summary="One draft with its decisions",
        responses=OneDraftSerializer,
    )
    def get(self, request: Request, draft_id: int) -> Response:
        drafts = Draft.objects.for_merchant(self.merchant).select_related("merchant", "gap", "article")
        return Response(OneDraftSerializer(get_object_or_404(drafts, pk=draft_id)).data)


class DraftReviewsView(MerchantApiView):
    scope = Scope.REVIEW

    @extend_schema(
        operation_id="drafts_review",
        tags=["drafts"],
        summary="Approve or reject exactly one revision",
        request=DecisionSerializer,
        responses={
            201: ReviewSerializer,
            409: OpenApiResponse(description="It was decided already, or the revision is not the latest any more."),
        },
    )
    def post(self, request: Request, draft_id: int) -> Response:
        drafts = Draft.objects.for_merchant(self.merchant).select_related("merchant", "gap", "article")
        draft: Draft = get_object_or_404(drafts, pk=draft_id)
        body = DecisionSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        entered = body.validated_data
        decide = draft.approve if entered["decision"] == Decision.APPROVED else draft.reject
        key = cast(ApiKey, request.auth)
        try:
            review = decide(by=None, via=key, revision=entered["revision"], comment=entered["comment"])
        except RefusedError as error:
            raise ConflictError(error.message) from error
        return Response(ReviewSerializer(review).data, status=status.HTTP_201_CREATED)
