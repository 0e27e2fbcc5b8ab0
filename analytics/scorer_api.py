"""What the local scorer has learned from labels, over REST: the figures of the page about agreement."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.agreement_api import FigureSerializer
from analytics.models import TrainedScorer
from analytics.rubric import Dimension
from analytics.scorer_state import Learned, ScorerState, read_scorer
from analytics.scorer_training import Lack
from analytics.scorer_words import tell_learned, tell_shortage
from portal.api import MerchantApiView
from portal.models import Scope


class LabelCountSerializer(serializers.Serializer[Any]):
    n = serializers.IntegerField(help_text="Labelled conversations.")
    n_random = serializers.IntegerField(
        allow_null=True, help_text="Drawn at random; null where an earlier training did not keep it."
    )
    n_targeted = serializers.IntegerField(allow_null=True, help_text="Picked for a reason.")


class LearnedSerializer(serializers.Serializer[Any]):
    dimension = serializers.ChoiceField(choices=[str(each) for each in Dimension])
    took_over = serializers.BooleanField(help_text="Labels decide this dimension, no longer the start weights.")
    lack = serializers.ChoiceField(
        choices=[str(each) for each in (Lack.LABELS, Lack.RANDOM_LABELS, Lack.SOURCES, Lack.SPREAD)], allow_null=True
    )
    verdict = serializers.CharField(help_text="The same in words.")
    labels = LabelCountSerializer(help_text="Compared at the last training; without a comparison those of today.")
    start_weights = FigureSerializer(allow_null=True, help_text="Spearman with random labels; null: not compared.")
    learned = FigureSerializer(allow_null=True, help_text="The same of curves that had not seen the label.")


class NextTrainingSerializer(serializers.Serializer[Any]):
    lack = serializers.ChoiceField(
        choices=[str(each) for each in (Lack.LABELS, Lack.NEW_LABELS, Lack.RANDOM_LABELS)],
        help_text="Labelled conversations, more of them than at the last training, or randomly drawn ones.",
    )
    found = serializers.IntegerField()
    needed = serializers.IntegerField()
    missing = serializers.IntegerField()
    text = serializers.CharField()


class TrainingSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    prior = serializers.CharField()
    embedding_model = serializers.CharField()
    rubric_version = serializers.CharField()
    labels = LabelCountSerializer()
    took_over = serializers.ListField(child=serializers.CharField(), help_text="Dimensions.")
    trained_at = serializers.DateTimeField()


class LocalScorerSerializer(serializers.Serializer[Any]):
    version = serializers.CharField(help_text="Scores now; as in scorer_version elsewhere.")
    is_trained = serializers.BooleanField(help_text="False: the start weights score every dimension.")
    trained_at = serializers.DateTimeField(
        allow_null=True, help_text="Of the last training, even if it changed nothing."
    )
    labels = LabelCountSerializer(help_text="That there are now.")
    dimensions = LearnedSerializer(many=True)
    next_training = NextTrainingSerializer(allow_null=True, help_text="What it waits for; null: the next night.")
    history = TrainingSerializer(many=True, help_text="The latest first, at most 20.")


class LocalScorerView(MerchantApiView):
    scope = Scope.READ

    @extend_schema(
        operation_id="quality_local_scorer",
        tags=["quality"],
        summary="What the local scorer has learned from people's labels",
        description="Trained every night where labels suffice. Figures are cross-validated, with 95 % intervals.",
        responses=LocalScorerSerializer,
    )
    def get(self, request: Request) -> Response:
        return Response(state_as_json(read_scorer(self.merchant)))


def state_as_json(state: ScorerState) -> dict[str, Any]:
    shortage = state.shortage
    return {
        "version": state.version,
        "is_trained": state.is_trained,
        "trained_at": state.training.trained_at if state.training else None,
        "labels": _count(state.n_labels, state.n_random),
        "dimensions": [_learned_as_json(learned) for learned in state.dimensions],
        "next_training": shortage
        and {name: getattr(shortage, name) for name in ("lack", "found", "needed", "missing")}
        | {"text": tell_shortage(shortage)},
        "history": [_training_as_json(row) for row in state.history],
    }


def _learned_as_json(learned: Learned) -> dict[str, Any]:
    return {
        "dimension": learned.dimension,
        "took_over": learned.took_over,
        "lack": learned.lack,
        "verdict": tell_learned(learned),
        "labels": _count(learned.n, learned.n_random),
        "start_weights": _figure(learned, "prior"),
        "learned": _figure(learned, "trained"),
    }


def _figure(learned: Learned, name: str) -> dict[str, float | None] | None:
    found = learned.comparison
    if found is None:
        return None
    return {"value": found[name], "low": found.get(f"{name}_low"), "high": found.get(f"{name}_high")}


def _training_as_json(row: TrainedScorer) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("number", "prior", "embedding_model", "rubric_version")} | {
        "labels": _count(row.n_labels, row.n_random),
        "took_over": row.took_over,
        "trained_at": row.trained_at,
    }


def _count(n: int, n_random: int | None) -> dict[str, int | None]:
    return {"n": n, "n_random": n_random, "n_targeted": None if n_random is None else n - n_random}
