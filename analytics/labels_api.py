"""Labels over REST: what people found, for BI tools; and in from tools in which people labelled."""

from typing import Any, cast

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.label_importing import Imported, ImportRefusedError, import_labels
from analytics.models import Label, SkipReason, Stratum
from analytics.rubric import Dimension
from portal.api import MerchantApiView
from portal.api_page import PageQuery, page_of, read_page
from portal.models import ApiKey, Scope

MAX_LABELS = 500


class LabelSerializer(serializers.ModelSerializer[Label]):
    conversation_id = serializers.IntegerField()
    thread = serializers.CharField(source="conversation.thread", help_text="The agent's conversation_id.")
    episode = serializers.IntegerField(source="conversation.episode")
    stratum = serializers.ChoiceField(
        choices=Stratum.choices, source="task.stratum", help_text="Only `random` feeds calibration."
    )
    skip_reason = serializers.ChoiceField(choices=SkipReason.choices, allow_blank=True)
    criteria = serializers.DictField(
        child=serializers.FloatField(allow_null=True), help_text="Marks by the merchant's own criteria."
    )
    overall = serializers.FloatField(allow_null=True, help_text="The rubric's weighted mean; null where skipped.")
    is_adjudication = serializers.BooleanField(help_text="A third person's decision where two disagreed.")
    withdrawn_at = serializers.DateTimeField(allow_null=True, help_text="Since then it counts no more.")

    class Meta:
        model = Label
        fields = (
            *("id", "conversation_id", "thread", "episode", "stratum", "reviewer_name", "rubric_version"),
            *("overall", *map(str, Dimension), "criteria", "skip_reason", "comment"),
            *("is_adjudication", "is_import", "created_at", "updated_at", "withdrawn_at"),
        )


class ImportedLabelSerializer(serializers.Serializer[Any]):
    conversation_id = serializers.IntegerField(min_value=1, max_value=2**63 - 1, help_text="`id` of a conversation.")
    reviewer = serializers.CharField(max_length=160, help_text="Who labelled.")
    marks = serializers.DictField(
        child=serializers.FloatField(min_value=0, max_value=1, allow_null=True),
        help_text="0–1 by dimension, the merchant's own criteria included; null: does not apply.",
    )
    stratum = serializers.ChoiceField(
        choices=Stratum.choices,
        default=Stratum.TARGETED,
        help_text="`random` only if chance alone picked the conversations: then the labels feed calibration.",
    )
    labelled_at = serializers.DateTimeField(required=False, help_text="Now, where it is left out.")
    comment = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class LabelImportSerializer(serializers.Serializer[Any]):
    labels = serializers.ListField(child=ImportedLabelSerializer(), allow_empty=False, max_length=MAX_LABELS)


class LabelImportResultSerializer(serializers.Serializer[Any]):
    added = serializers.IntegerField()
    replaced = serializers.IntegerField(help_text="The same person had said something else before.")
    unchanged = serializers.IntegerField(help_text="Sent before, as it is.")


class LabelsView(MerchantApiView):
    query = PageQuery

    @property
    def scope(self) -> Scope:  # type: ignore[override]
        return Scope.REVIEW if self.request.method == "POST" else Scope.READ

    @extend_schema(
        operation_id="labels_list",
        tags=["quality"],
        summary="What people said about the quality of conversations, the longest unchanged first",
        description="A label appears when as many people as wanted have labelled: nobody reads the other's first.",
        responses=page_of(LabelSerializer),
    )
    def get(self, request: Request) -> Response:
        labels = Label.objects.for_merchant(self.merchant).filter(task__closed_at__isnull=False)
        return read_page(self, labels.select_related("conversation", "task"), LabelSerializer)

    @extend_schema(
        operation_id="labels_import",
        tags=["quality"],
        summary="Take in labels that were made elsewhere",
        description="All are saved or none; `errors` names items by position, with their fields. Safe to send again.",
        request=LabelImportSerializer,
        responses=LabelImportResultSerializer,
        examples=[
            OpenApiExample(
                "One label",
                request_only=True,
                value={
                    "labels": [
                        {
                            "conversation_id": 4711,
                            "reviewer": "Ada",
                            "marks": {"helpfulness": 0.75, "accuracy": None, "politeness": 1, "completeness": 0.5},
                            "stratum": "random",
                        }
                    ]
                },
            )
        ],
    )
    def post(self, request: Request) -> Response:
        body = LabelImportSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        sent = [Imported(**{"labelled_at": self.now} | label) for label in body.validated_data["labels"]]
        try:
            result = import_labels(self.merchant, sent, via=cast(ApiKey, request.auth), now=self.now)
        except ImportRefusedError as error:
            items = {str(position): dict(fields) for position, fields in error.errors.items()}
            raise exceptions.ValidationError({"labels": items}) from error
        return Response({"added": result.n_added, "replaced": result.n_replaced, "unchanged": result.n_unchanged})
