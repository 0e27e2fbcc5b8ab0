"""The rubric over REST: what holds, its versions, and a new one."""

from typing import Any, cast

from django.core.exceptions import ValidationError
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import exceptions, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.models import RubricVersion
from analytics.rubric import Criterion, current_rubric
from analytics.rubric_changes import LENGTHS, MAX_OWN, NOTE_LENGTH, TOP_WEIGHT, change_rubric, contents
from portal.api import MerchantApiView
from portal.models import ApiKey, Scope

WEIGHT = {"type": "integer", "minimum": 0, "maximum": TOP_WEIGHT}
DIMENSIONS = ("helpfulness", "accuracy", "politeness", "completeness")
SOMETHING = "^[^\\x00]*[^\\s\\x00][^\\x00]*$"  # more than blanks
BODY = {
    "application/json": {
        "type": "object",
        "additionalProperties": False,
        "required": ["weights", "note"],
        "properties": {
            "weights": {
                "type": "object",
                "additionalProperties": False,
                "required": list(DIMENSIONS),
                "properties": dict.fromkeys(DIMENSIONS, WEIGHT),
                "anyOf": [{"properties": {name: {"minimum": 1}}} for name in DIMENSIONS],
                "description": "They count in proportion to each other; 0 leaves a dimension out. One is above 0.",
            },
            "own_criteria": {
                "type": "array",
                "maxItems": MAX_OWN,
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["label", "instruction", "weight"],
                    "properties": {
                        "key": {
                            "type": "string",
                            "pattern": "^[a-z][a-z0-9_]{0,39}$",
                            "not": {"enum": [*DIMENSIONS, "overall"]},
                            "description": "Names a criterion that is reworded; without it its label does.",
                        },
                        **{
                            name: {"type": "string", "maxLength": length}
                            | ({} if name == "description" else {"pattern": SOMETHING})
                            for name, length in LENGTHS.items()
                        },
                        "weight": WEIGHT,
                    },
                },
            },
            "note": {"type": "string", "pattern": SOMETHING, "maxLength": NOTE_LENGTH},
        },
    }
}
EXAMPLE = OpenApiExample(
    "Completeness counts more, and tone is a criterion",
    value={
        "weights": {"helpfulness": 30, "accuracy": 30, "politeness": 10, "completeness": 30},
        "own_criteria": [
            {
                "label": "Tone",
                "description": "Does the agent sound like us?",
                "instruction": "4: warm and plain. 2: neutral. 0: stiff or full of jargon.",
                "weight": 10,
            }
        ],
        "note": "Support agreed on this in November",
    },
    request_only=True,
)


class SameKeyError(exceptions.APIException):
    status_code = status.HTTP_409_CONFLICT
    default_detail = "Two criteria have the same key: choose another for one of them."


class CriterionSerializer(serializers.Serializer[Criterion]):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    description = serializers.CharField()
    instruction = serializers.CharField(help_text="What a model is told.")
    weight = serializers.FloatField(help_text="Share of the overall score, 0–1.")
    is_own = serializers.BooleanField()


class VersionSerializer(serializers.ModelSerializer[RubricVersion]):
    created_by = serializers.CharField(source="who")

    class Meta:
        model = RubricVersion
        fields = ("version", "weights", "own_criteria", "change_note", "restored_from", "created_by", "created_at")


class RubricSerializer(serializers.Serializer[Any]):
    version = serializers.CharField(help_text="As scores and labels name it; 1 is the house rubric.")
    criteria = CriterionSerializer(many=True)
    versions = VersionSerializer(many=True, help_text="The merchant's own, the latest first.")


class RubricView(MerchantApiView):
    @property
    def scope(self) -> Scope:  # type: ignore[override]
        """On the page only owners change it, so a reviewer's key does not."""
        return Scope.SETTINGS if self.request.method == "PUT" else Scope.READ

    @extend_schema(
        operation_id="rubric_read",
        tags=["quality"],
        summary="What a good answer is: the rubric that holds, and its versions",
        responses=RubricSerializer,
    )
    def get(self, request: Request) -> Response:
        return self._answer()

    @extend_schema(
        operation_id="rubric_put",
        tags=["quality"],
        summary="Save the rubric as a new version",
        description="A new series of scores starts. The same rubric again changes nothing.",
        request=BODY,
        responses={200: RubricSerializer, 409: OpenApiResponse(description="Two criteria have the same key.")},
        examples=[EXAMPLE],
    )
    def put(self, request: Request) -> Response:
        weights, own, note = read_body(request.data)
        latest = RubricVersion.objects.for_merchant(self.merchant).first()
        own = name_keys(own, contents(latest)[1])
        try:
            via = cast(ApiKey, request.auth)
            change_rubric(self.merchant, weights, own, note=note, by=None, via=via, at=self.now)
        except ValidationError as error:
            raise serializers.ValidationError(error.message_dict) from None
        return self._answer()

    def _answer(self) -> Response:
        rubric = current_rubric(self.merchant)
        rows = RubricVersion.objects.for_merchant(self.merchant).select_related("created_by", "api_key")
        told = {"version": rubric.version, "criteria": rubric.criteria, "versions": rows}
        return Response(RubricSerializer(told).data)


def name_keys(own: list[dict[str, Any]], saved: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Who names no key means the criterion of that label: its scores go on under the same key. Raises SameKeyError."""
    named = [one["key"] for one in own if one.get("key")]
    if len(named) > len(set(named)):
        raise SameKeyError
    keys = {one["label"]: one["key"] for one in saved if one["key"] not in named}
    return [one if one.get("key") else {**one, "key": keys.pop(one.get("label"), "")} for one in own]


def read_body(body: Any) -> tuple[dict[str, Any], list[dict[str, Any]], str]:
    """Raises ParseError or ValidationError where the shape is wrong; what stands in it is checked with the change."""
    if not isinstance(body, dict):
        raise exceptions.ParseError("Send a JSON object with weights, own_criteria and note.")
    errors = {name: ["There is no such field."] for name in body.keys() - {"weights", "own_criteria", "note"}}
    weights, own, note = body.get("weights"), body.get("own_criteria", []), body.get("note", "")
    if not isinstance(weights, dict):
        errors["weights"] = ["Give an object with a whole number for each of " + ", ".join(DIMENSIONS) + "."]
    if not isinstance(note, str):
        errors["note"] = ["Give a text."]
    if not isinstance(own, list) or not all(isinstance(one, dict) for one in own):
        errors["own_criteria"] = ["Give a list of objects."]
    else:
        for number, one in enumerate(own):
            errors |= _check_shape(one, f"own_criteria.{number}")
    if errors:
        raise serializers.ValidationError(errors)
    return cast(dict[str, Any], weights), own, note


def _check_shape(one: dict[str, Any], field: str) -> dict[str, list[str]]:
    unknown = one.keys() - {"key", "weight", *LENGTHS}
    texts = [name for name in ("key", *LENGTHS) if not isinstance(one.get(name, ""), str)]
    return {f"{field}.{name}": ["There is no such field."] for name in unknown} | {
        f"{field}.{name}": ["Give a text."] for name in texts
    }
