"""Gaps over REST: what customers ask and no article answers."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from improvement.models import Gap, GapStatus, Lack, Priority, Question, Recurrence, Trend
from improvement.question_verdicts import read_verdicts
from portal.api import MerchantApiView
from portal.api_page import PageQuery, page_of, read_page
from portal.api_query import Choice
from portal.models import Scope

N_EXAMPLES = 20


class GapSerializer(serializers.ModelSerializer[Gap]):
    status = serializers.ChoiceField(choices=GapStatus.choices)
    priority = serializers.ChoiceField(choices=Priority.choices)
    lack = serializers.ChoiceField(choices=Lack.choices, help_text="Why the knowledge base does not answer.")
    lack_evidence = serializers.DictField(help_text="The numbers and article ids behind it; keys depend on the kind.")
    recurrence = serializers.ChoiceField(
        choices=Recurrence.choices, allow_blank=True, help_text="Why a reopened gap came back, where it is known."
    )
    merged_into = serializers.IntegerField(source="merged_into_id", allow_null=True)
    weekly_counts = serializers.ListField(
        child=serializers.IntegerField(), help_text="Questions in each of the last twelve weeks, oldest first."
    )
    trend = serializers.ChoiceField(
        choices=Trend.choices, allow_blank=True, help_text="Only where the counts change beyond chance."
    )
    impact_per_week = serializers.FloatField(
        help_text="questions_per_week × (1 − verified_resolution_rate) × text_answerable_share"
    )
    money_per_week = serializers.DecimalField(
        max_digits=12, decimal_places=2, help_text="In the merchant's currency: impact × cost of a human conversation."
    )

    class Meta:
        model = Gap
        fields: tuple[str, ...] = (
            *("id", "name", "keyphrases", "status", "status_reason", "priority", "n_questions", "questions_per_week"),
            *("verified_resolution_rate", "text_answerable_share", "impact_per_week", "money_per_week"),
            *("lack", "lack_evidence", "recurrence", "merged_into", "weekly_counts", "trend", "channels", "languages"),
            *("first_asked_at", "last_asked_at", "created_at", "updated_at"),
        )


class ReasonSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField(
        help_text="articles, questions, words, topic: of the text; sources, confidence, asked_again, "
        "rating: of the conversation; neighbours: of the questions most like it."
    )
    said = serializers.CharField(source="label", help_text="In the merchant's language.")
    detail = serializers.CharField()
    log_odds = serializers.FloatField(
        allow_null=True, help_text="Above 0 speaks for an answer, below against it; null where it was not weighed."
    )


class ExampleSerializer(serializers.ModelSerializer[Question]):
    question_id = serializers.IntegerField(source="pk")
    conversation_id = serializers.IntegerField()
    nearest_article = serializers.CharField(
        source="nearest_article.external_id", default=None, allow_null=True, help_text="Its id in your system."
    )
    reasons = serializers.SerializerMethodField(help_text="Why it counts as answered or not, the strongest first.")

    class Meta:
        model = Question
        fields = (
            *("question_id", "conversation_id", "text", "asked_at", "coverage_probability"),
            *("nearest_article", "nearest_similarity", "reasons"),
        )

    @extend_schema_field(ReasonSerializer(many=True))
    def get_reasons(self, question: Question) -> Any:
        verdict = self.context["verdicts"].get(question.pk)
        return ReasonSerializer(verdict.reasons if verdict else [], many=True).data


class OneGapSerializer(GapSerializer):
    examples = serializers.SerializerMethodField(help_text="The newest questions.")

    class Meta:
        model = Gap
        fields: tuple[str, ...] = (*GapSerializer.Meta.fields, "examples")

    @extend_schema_field(ExampleSerializer(many=True))
    def get_examples(self, gap: Gap) -> Any:
        rows = Question.objects.for_merchant(gap.merchant).filter(gap=gap).defer("embedding")
        questions = list(rows.select_related("nearest_article").order_by("-asked_at", "-id")[:N_EXAMPLES])
        verdicts = read_verdicts(gap.merchant, [question.pk for question in questions], now=timezone.now())
        return ExampleSerializer(questions, many=True, context={"verdicts": verdicts}).data


class GapsQuery(PageQuery):
    status = Choice(GapStatus.values, required=False)
    priority = Choice(Priority.values, required=False)
    lack = Choice(Lack.values, required=False)


class GapsView(MerchantApiView):
    scope = Scope.READ
    query = GapsQuery

    @extend_schema(
        operation_id="gaps_list",
        tags=["gaps"],
        summary="Gaps with their impact, by the time of their last change",
        responses=page_of(GapSerializer),
    )
    def get(self, request: Request) -> Response:
        wanted = {name: self.asked[name] for name in ("status", "priority", "lack") if name in self.asked}
        gaps = Gap.objects.for_merchant(self.merchant).defer("centroid").filter(**wanted)
        return read_page(self, gaps, GapSerializer)


class GapView(MerchantApiView):
    scope = Scope.READ

    @extend_schema(operation_id="gaps_read", tags=["gaps"], summary="One gap with examples", responses=OneGapSerializer)
    def get(self, request: Request, gap_id: int) -> Response:
        gaps = Gap.objects.for_merchant(self.merchant).select_related("merchant").defer("centroid")
        return Response(OneGapSerializer(get_object_or_404(gaps, pk=gap_id)).data)
