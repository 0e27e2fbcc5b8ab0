"""Quality over REST: the summary of a period, and every score with its reasons."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from analytics import quality
from analytics.models import QualityScore, Scorer
from analytics.quality import Mean, QualitySummary
from portal.api import MerchantApiView
from portal.api_page import PageQuery, page_of, read_page
from portal.api_query import PeriodQuery
from portal.models import Scope


class MeanSerializer(serializers.Serializer[Any]):
    value = serializers.FloatField(allow_null=True, help_text="0–1; null where nothing was scored.")
    n = serializers.IntegerField()
    low = serializers.FloatField(allow_null=True, help_text="95 % interval of the mean.")
    high = serializers.FloatField(allow_null=True)


class DimensionsSerializer(serializers.Serializer[Any]):
    helpfulness = MeanSerializer()
    accuracy = MeanSerializer()
    politeness = MeanSerializer()
    completeness = MeanSerializer()


class QualitySummarySerializer(serializers.Serializer[Any]):
    """One scorer in one version; all but the period and n_eligible are null where nothing was scored.

    Unless is_provisional, `overall` is what people would have said: the mean score corrected by their labels.
    """

    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    scorer = serializers.ChoiceField(choices=Scorer.choices, allow_null=True)
    scorer_version = serializers.CharField(allow_null=True)
    rubric_version = serializers.CharField(allow_null=True)
    overall = MeanSerializer(allow_null=True)
    raw = MeanSerializer(allow_null=True, help_text="The mean of the overall scores as the scorer gave them.")
    dimensions = DimensionsSerializer(allow_null=True)
    n_eligible = serializers.IntegerField()
    is_provisional = serializers.BooleanField(allow_null=True)


class QuoteSerializer(serializers.Serializer[Any]):
    dimension = serializers.CharField(help_text="One of the four, or the key of a criterion of your own.")
    text = serializers.CharField()


class ScoreSerializer(serializers.ModelSerializer[QualityScore]):
    conversation_id = serializers.IntegerField()
    thread = serializers.CharField(source="conversation.thread", help_text="The agent's conversation_id.")
    episode = serializers.IntegerField(source="conversation.episode")
    scorer = serializers.ChoiceField(choices=Scorer.choices)
    criteria = serializers.DictField(
        child=serializers.FloatField(allow_null=True),
        help_text="Your own criteria by key, 0–1; empty for a local score.",
    )
    quotes = QuoteSerializer(many=True)
    contributions = serializers.DictField(
        child=serializers.DictField(child=serializers.FloatField()),
        help_text=(
            "Log-odds by dimension: the baseline and what each feature added, which add up to the score. "
            "Empty for a judge."
        ),
    )

    class Meta:
        model = QualityScore
        fields = (
            *("id", "conversation_id", "thread", "episode", "scorer", "scorer_version", "rubric_version"),
            *("overall", "helpfulness", "accuracy", "politeness", "completeness", "criteria"),
            *("rationale", "quotes", "contributions", "created_at"),
        )


class QualityQuery(PeriodQuery):
    """A period as one scorer in one version sees it."""

    version = serializers.CharField(
        required=False,
        max_length=100,
        help_text="scorer/scorer_version/rubric_version; default: the one with most scores.",
    )


class QualityView(MerchantApiView):
    scope = Scope.READ
    query = PeriodQuery

    @extend_schema(
        operation_id="quality_read",
        tags=["quality"],
        summary="Mean quality of a period",
        responses=QualitySummarySerializer,
    )
    def get(self, request: Request) -> Response:
        period = self.asked["window"]
        summary = quality.summary(self.merchant, period)
        n_eligible = summary.n_eligible if summary else quality.eligible_in(self.merchant, period).count()
        return Response({"start": period.start, "end": period.end, "n_eligible": n_eligible} | _as_json(summary))


class QualityScoresView(MerchantApiView):
    scope = Scope.READ
    query = PageQuery

    @extend_schema(
        operation_id="quality_scores_list",
        tags=["quality"],
        summary="Scores of conversations, the oldest first",
        responses=page_of(ScoreSerializer),
    )
    def get(self, request: Request) -> Response:
        scores = QualityScore.objects.for_merchant(self.merchant).select_related("conversation")
        return read_page(self, scores, ScoreSerializer, by="created_at")


def _as_json(summary: QualitySummary | None) -> dict[str, Any]:
    if summary is None:
        empty = ("scorer", "scorer_version", "rubric_version", "overall", "raw", "dimensions", "is_provisional")
        return dict.fromkeys(empty)
    return {
        "scorer": summary.version.scorer,
        "scorer_version": summary.version.scorer_version,
        "rubric_version": summary.version.rubric_version,
        "overall": mean_as_json(summary.overall),
        "raw": mean_as_json(summary.raw),
        "dimensions": {str(row.dimension): mean_as_json(row.mean) for row in summary.dimensions},
        "is_provisional": summary.is_provisional,
    }


def mean_as_json(mean: Mean) -> dict[str, float | int | None]:
    return {"value": mean.value, "n": mean.n, "low": mean.low, "high": mean.high}
