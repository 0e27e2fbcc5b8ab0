"""Quality over REST, taken apart: over time, by parts of the traffic, the lowest conversations, and what would help."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from analytics import quality
from analytics.coaching import N_LOWEST, Note, coach
from analytics.models import Scorer
from analytics.quality import Version
from analytics.quality_api import MeanSerializer, QualityQuery, ScoreSerializer, mean_as_json
from analytics.quality_parts import BY, by_part
from analytics.quality_series import read_series
from portal.api import MerchantApiView
from portal.api_query import Choice
from portal.models import Scope
from portal.periods import STEPS


class QualityVersionSerializer(serializers.Serializer[Any]):
    scorer = serializers.ChoiceField(choices=Scorer.choices)
    scorer_version = serializers.CharField()
    rubric_version = serializers.CharField()
    n = serializers.IntegerField(help_text="Conversations of the period with a score of it.")


class QualityPointSerializer(MeanSerializer):
    start = serializers.DateField(help_text="First local day of the step.")


class QualityLineSerializer(QualityVersionSerializer):
    points = QualityPointSerializer(many=True)


class QualityBeginningSerializer(serializers.Serializer[Any]):
    on = serializers.DateField()
    label = serializers.CharField()  # type: ignore[assignment]


class QualitySeriesSerializer(serializers.Serializer[Any]):
    step = serializers.ChoiceField(choices=STEPS)
    series = QualityLineSerializer(many=True, help_text="One for each scorer version: two are never averaged.")
    beginnings = QualityBeginningSerializer(
        many=True, help_text="Scorer and agent versions that begin within the period."
    )


class QualityPartSerializer(MeanSerializer):
    key = serializers.CharField(help_text="As the list of conversations filters by it.")
    label = serializers.CharField()  # type: ignore[assignment]
    standing = serializers.ChoiceField(
        choices=["lower", "higher", ""], help_text="Against all others, where the difference is beyond chance (99 %)."
    )


class QualityBreakdownSerializer(serializers.Serializer[Any]):
    version = QualityVersionSerializer(allow_null=True)
    by = serializers.ChoiceField(choices=BY)
    rows = QualityPartSerializer(many=True)


class QualityLowestSerializer(serializers.Serializer[Any]):
    version = QualityVersionSerializer(allow_null=True)
    scores = ScoreSerializer(many=True)


class QualityReasonSerializer(serializers.Serializer[Any]):
    label = serializers.CharField()  # type: ignore[assignment]
    n = serializers.IntegerField()
    advice = serializers.CharField(allow_null=True)


class QualityNoteSerializer(serializers.Serializer[Any]):
    dimension = serializers.CharField()
    n_weak = serializers.IntegerField(help_text="Of the lowest conversations, how many are below 0.5 here.")
    reasons = QualityReasonSerializer(many=True)
    conversation_ids = serializers.ListField(child=serializers.IntegerField(), help_text="The weakest of them.")


class QualityCoachingSerializer(serializers.Serializer[Any]):
    version = QualityVersionSerializer(allow_null=True)
    n_lowest = serializers.IntegerField(help_text=f"The conversations that were looked at, at most {N_LOWEST}.")
    notes = QualityNoteSerializer(many=True)


class QualitySeriesQuery(QualityQuery):
    step = Choice(STEPS, default="day")


class QualityBreakdownQuery(QualityQuery):
    by = Choice(BY, required=True)


class LowestQuery(QualityQuery):
    limit = serializers.IntegerField(default=10, min_value=1, max_value=100)


class OfVersion(MerchantApiView):
    scope = Scope.READ

    def find_version(self) -> Version | None:
        """The asked one, or that with the most scores. Raises ValidationError where the asked one has none."""
        found = quality.versions(self.merchant, self.asked["window"])
        asked = self.asked.get("version")
        if asked and not any(version.key == asked for version in found):
            known = ", ".join(version.key for version in found) or "none"
            raise ValidationError({"version": [f"It has no scores in this period; those that have: {known}."]})
        return next((version for version in found if not asked or version.key == asked), None)


class QualitySeriesView(OfVersion):
    query = QualitySeriesQuery

    @extend_schema(
        operation_id="quality_series",
        tags=["quality"],
        summary="Mean quality over time, by scorer version",
        responses=QualitySeriesSerializer,
    )
    def get(self, request: Request) -> Response:
        asked = self.find_version() if self.asked.get("version") else None
        versions = [asked] if asked else quality.versions(self.merchant, self.asked["window"])
        found = read_series(self.merchant, self.asked["window"], versions, step=self.asked["step"])
        lines = [
            as_json(line.version)
            | {"points": [{"start": start} | mean_as_json(mean) for start, mean in line.means.items()]}
            for line in found.lines
        ]
        beginnings = [{"on": beginning.on, "label": beginning.label} for beginning in found.beginnings]
        return Response({"step": found.step, "series": lines, "beginnings": beginnings})


class QualityBreakdownView(OfVersion):
    query = QualityBreakdownQuery

    @extend_schema(
        operation_id="quality_breakdown",
        tags=["quality"],
        summary="Mean quality by channel, agent version or topic",
        responses=QualityBreakdownSerializer,
    )
    def get(self, request: Request) -> Response:
        version, by = self.find_version(), self.asked["by"]
        parts = by_part(self.merchant, self.asked["window"], version, by) if version else []
        rows = [
            {"key": part.key, "label": str(part.label), "standing": part.standing} | mean_as_json(part.mean)
            for part in parts
        ]
        return Response({"version": as_json(version) if version else None, "by": by, "rows": rows})


class LowestQualityView(OfVersion):
    query = LowestQuery

    @extend_schema(
        operation_id="quality_lowest",
        tags=["quality"],
        summary="The conversations with the lowest scores, with the reasons",
        responses=QualityLowestSerializer,
    )
    def get(self, request: Request) -> Response:
        version = self.find_version()
        scores = (
            quality.worst(self.merchant, self.asked["window"], version, limit=self.asked["limit"]) if version else []
        )
        return Response(
            {"version": as_json(version) if version else None, "scores": ScoreSerializer(scores, many=True).data}
        )


class CoachingView(OfVersion):
    query = QualityQuery

    @extend_schema(
        operation_id="quality_coaching",
        tags=["quality"],
        summary="Why scores are low, by dimension, and what usually helps",
        responses=QualityCoachingSerializer,
    )
    def get(self, request: Request) -> Response:
        version, period = self.find_version(), self.asked["window"]
        summary = quality.summary(self.merchant, period, version=version) if version else None
        lowest = quality.worst(self.merchant, period, version, limit=N_LOWEST) if version else []
        notes = coach(summary.dimensions, lowest) if summary else []
        return Response(
            {
                "version": as_json(version) if version else None,
                "n_lowest": len(lowest),
                "notes": [note_as_json(note) for note in notes],
            }
        )


def as_json(version: Version) -> dict[str, Any]:
    return {
        "scorer": version.scorer,
        "scorer_version": version.scorer_version,
        "rubric_version": version.rubric_version,
        "n": version.n,
    }


def note_as_json(note: Note) -> dict[str, Any]:
    return {
        "dimension": str(note.mean.dimension),
        "n_weak": note.n_weak,
        "reasons": [
            {
                "label": str(reason.label),
                "n": reason.n,
                "advice": str(reason.advice.text) if reason.advice else None,
            }
            for reason in note.reasons
        ],
        "conversation_ids": [score.conversation_id for score in note.examples],
    }
