"""How scores agree with people, over REST: every figure of every series with its interval."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.agreement_words import verdict, what_is_missing
from analytics.models import Calibration, Scorer
from portal.api import MerchantApiView
from portal.models import Scope

FIGURES = ("pearson", "spearman", "mean_absolute_error", "weighted_kappa")


class FigureSerializer(serializers.Serializer[Any]):
    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True, help_text="95 % bootstrap interval.")
    high = serializers.FloatField(allow_null=True)


class FiguresSerializer(serializers.Serializer[Any]):
    n = serializers.IntegerField(help_text="Conversations.")
    pearson = FigureSerializer()
    spearman = FigureSerializer()
    mean_absolute_error = FigureSerializer()
    weighted_kappa = FigureSerializer(help_text="Quadratic weights, on five steps.")


class CeilingSerializer(serializers.Serializer[Any]):
    n_pairs = serializers.IntegerField(help_text="Conversations that two people labelled.")
    reliability = serializers.FloatField(allow_null=True, help_text="Of a conversation's mean label (Spearman-Brown).")
    highest = serializers.FloatField(allow_null=True, help_text="The correlation that these labels allow at best.")
    share = FigureSerializer(help_text="Pearson over the highest: corrected for attenuation.")


class SeriesMeanSerializer(FigureSerializer):
    """Of all scored conversations."""


class NarrowingSerializer(serializers.Serializer[Any]):
    more_labels = serializers.IntegerField()
    half_width = serializers.FloatField(help_text="Of the interval of the corrected mean, to be expected then.")


class DriftSerializer(serializers.Serializer[Any]):
    labels_alarm = serializers.BooleanField(help_text="People and calibrated scores have parted ways.")
    labels_since = serializers.DateTimeField(allow_null=True)
    scores_alarm = serializers.BooleanField(help_text="Scores are spread otherwise than in the ninety days before.")
    stability_index = serializers.FloatField(allow_null=True)


class AgreementRowSerializer(serializers.Serializer[Any]):
    scorer = serializers.ChoiceField(choices=Scorer.choices)
    scorer_version = serializers.CharField()
    rubric_version = serializers.CharField()
    dimension = serializers.CharField(help_text="A criterion's key, or overall.")
    is_provisional = serializers.BooleanField(help_text="Below 30 labels, or Spearman's lower bound is not above 0.")
    verdict = serializers.CharField()
    missing = serializers.CharField(help_text="What is missing until it is not provisional; else empty.")
    scores_with_people = FiguresSerializer()
    calibrated_with_people = FiguresSerializer(allow_null=True, help_text="Cross-fitted; null below five labels.")
    people_with_people = FiguresSerializer()
    ceiling = CeilingSerializer()
    n_scored = serializers.IntegerField()
    raw_mean = serializers.FloatField()
    corrected_mean = SeriesMeanSerializer(allow_null=True)
    labels_only_mean = SeriesMeanSerializer(allow_null=True)
    curve = serializers.ListField(
        child=serializers.FloatField(), allow_null=True, help_text="The map's values at raw scores 0, 0.01 … 1."
    )
    advice = NarrowingSerializer(many=True)
    drift = DriftSerializer()
    computed_at = serializers.DateTimeField()


class AgreementSerializer(serializers.Serializer[Any]):
    results = AgreementRowSerializer(many=True)


class AgreementView(MerchantApiView):
    scope = Scope.READ

    @extend_schema(
        operation_id="quality_agreement",
        tags=["quality"],
        summary="How scores agree with people's labels, by scorer version and dimension",
        description="Measured every night from the labels of the random sample. Without labels the list is empty.",
        responses=AgreementSerializer,
    )
    def get(self, request: Request) -> Response:
        rows = Calibration.objects.for_merchant(self.merchant).filter(is_latest=True)
        ordered = rows.order_by("scorer", "scorer_version", "rubric_version", "id")
        return Response({"results": [row_as_json(row) for row in ordered]})


def row_as_json(row: Calibration) -> dict[str, Any]:
    findings = row.findings
    agreement, people, ceiling = findings["agreement"], findings["people"], findings["ceiling"]
    return {
        "scorer": row.scorer,
        "scorer_version": row.scorer_version,
        "rubric_version": row.rubric_version,
        "dimension": row.dimension,
        "is_provisional": row.is_provisional,
        "verdict": verdict(row.n, agreement, people),
        "missing": what_is_missing(row.n, agreement["spearman_low"]),
        "scores_with_people": figures_as_json(agreement),
        "calibrated_with_people": figures_as_json(findings["calibrated"]) if "calibrated" in findings else None,
        "people_with_people": figures_as_json(people),
        "ceiling": {name: ceiling[name] for name in ("n_pairs", "reliability", "highest")}
        | {"share": figure_as_json(ceiling, "share")},
        "n_scored": findings["n_scored"],
        "raw_mean": findings["raw_mean"],
        "corrected_mean": _mean_as_json(findings.get("mean")),
        "labels_only_mean": _mean_as_json(findings.get("labels_only")),
        "curve": findings.get("curve"),
        "advice": [{"more_labels": more, "half_width": half} for more, half in findings.get("advice", [])],
        "drift": _drift_as_json(findings["drift"]),
        "computed_at": row.computed_at,
    }


def figures_as_json(found: dict[str, Any]) -> dict[str, Any]:
    return {"n": found["n"]} | {name: figure_as_json(found, name) for name in FIGURES}


def figure_as_json(found: dict[str, Any], name: str) -> dict[str, float | None]:
    return {"value": found[name], "low": found[f"{name}_low"], "high": found[f"{name}_high"]}


def _mean_as_json(mean: dict[str, Any] | None) -> dict[str, float] | None:
    return {name: mean[name] for name in ("value", "low", "high")} if mean else None


def _drift_as_json(drift: dict[str, Any]) -> dict[str, Any]:
    shift, spread = drift["shift"] or {}, drift["spread"] or {}
    return {
        "labels_alarm": shift.get("is_alarm", False),
        "labels_since": shift["since"] if shift.get("is_alarm") else None,
        "scores_alarm": spread.get("is_alarm", False),
        "stability_index": spread.get("index"),
    }
