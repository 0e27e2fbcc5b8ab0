"""The local scorer that holds for a merchant now: the prior, or what the merchant's labels taught."""

from collections.abc import Mapping
from typing import Any

from analytics import local_scorer
from analytics.additive_model import AdditiveModel
from analytics.house_texts import read_house
from analytics.local_scorer import LocalScorer, Models, untrained
from analytics.models import TrainedScorer
from analytics.prior_weights import PRIOR, PRIOR_MODELS
from analytics.rubric import Dimension
from portal import embeddings
from portal.models import Merchant


def current_version(merchant: Merchant) -> str:
    """As scores name it. One query, without the curves."""
    row = _trained(merchant, with_curves=False)
    return local_scorer.version("" if row is None else row.name)


def load_scorer(merchant: Merchant) -> LocalScorer:
    """With the texts that the merchant's agent may answer from now: meant for many batches."""
    row, house = _trained(merchant, with_curves=True), read_house(merchant)
    if row is None:
        return untrained(house)
    curves: Mapping[str, Any] = row.curves
    n_folds = max(len(found["folds"]) for found in curves.values())
    return LocalScorer(
        local_scorer.version(row.name),
        models=_models({name: found["model"] for name, found in curves.items()}),
        folds=[_models({name: found["folds"][fold] for name, found in curves.items()}) for fold in range(n_folds)],
        fold_of={int(pk): fold for pk, fold in row.fold_of.items()},
        house=house,
    )


def _trained(merchant: Merchant, *, with_curves: bool) -> TrainedScorer | None:
    """None where the latest training for these features taught nothing, or none was made."""
    rows = TrainedScorer.objects.for_merchant(merchant).filter(prior=PRIOR, embedding_model=embeddings.model_name())
    latest = (rows if with_curves else rows.defer("curves", "fold_of")).first()
    if latest is None or not latest.took_over:
        return None
    return latest


def _models(curves: Mapping[str, Any]) -> Models:
    return {
        dimension: AdditiveModel.from_json(curves[dimension]) if dimension in curves else PRIOR_MODELS[dimension]
        for dimension in Dimension
    }
