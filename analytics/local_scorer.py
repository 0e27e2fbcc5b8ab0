"""Quality without a language model: for each dimension a sum of one curve per computed feature, as a probability.

The weights are a prior (prior_weights.py) until a merchant's labels teach better ones (scorer_training.py). Everything
that moved a score is stored with it, in log-odds: with the baseline it adds up to the score.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics import wording
from analytics.additive_model import AdditiveModel, Matrix, sigmoid
from analytics.features import COLUMN, LABELS, Feature, compute_features
from analytics.house_texts import NO_TEXTS, HouseTexts
from analytics.prior_weights import PRIOR, PRIOR_MODELS
from analytics.rubric import Assessment, Dimension, Quote
from analytics.transcript import Transcript
from portal import embeddings

Models = Mapping[Dimension, AdditiveModel]

NOTABLE = 0.3  # log-odds: smaller contributions stay out of the words
QUOTE_LENGTH = 240
BASELINE = "baseline"  # beside the features in an assessment's contributions
BASELINE_LABEL = gettext_lazy("where an unremarkable conversation starts")


def version(trained: str = "") -> str:
    """Names the vectors too: those of another embedding model would give other scores."""
    name = f"trained-{trained} {PRIOR}" if trained else PRIOR
    return f"{name} {embeddings.model_name()}"[:60]


@dataclass(frozen=True, slots=True)
class LocalScorer:
    """`folds[k]` are the models that have not seen the labels of the conversations that `fold_of` maps to k: a
    labelled conversation is scored by them, or agreement with its own label would be agreement with a memory."""

    version: str
    models: Models = field(default_factory=lambda: PRIOR_MODELS)
    folds: Sequence[Models] = ()
    fold_of: Mapping[int, int] = field(default_factory=dict)
    house: HouseTexts = NO_TEXTS

    def models_for(self, conversation_id: int) -> Models:
        fold = self.fold_of.get(conversation_id)
        return self.models if fold is None else self.folds[fold]


def untrained(house: HouseTexts = NO_TEXTS) -> LocalScorer:
    return LocalScorer(version(), house=house)


def score_locally(
    transcripts: Sequence[Transcript], scorer: LocalScorer | None = None, *, conversation_ids: Sequence[int] = ()
) -> list[Assessment]:
    """One assessment per transcript, which must hold an answer of the agent. Raises EmbeddingError.

    `conversation_ids`, in the order of the transcripts, where some may have taught the scorer.
    """
    scorer = scorer or untrained()
    features = compute_features(transcripts, scorer.house)
    own = [scorer.models_for(pk) for pk in conversation_ids] or [scorer.models] * len(transcripts)
    baselines, parts = _add_up(features, own)
    scores = sigmoid(parts.sum(axis=2) + baselines)
    has_sources = ~np.isnan(features[:, COLUMN[Feature.SUPPORT]])
    return [
        _assess(transcript, baseline, part, score, has_sources=bool(grounded))
        for transcript, baseline, part, score, grounded in zip(
            transcripts, baselines, parts, scores, has_sources, strict=True
        )
    ]


def _add_up(features: Matrix, models: Sequence[Models]) -> tuple[Matrix, Matrix]:
    """Baselines (n, dimensions) and contributions (n, dimensions, features), each row by its own models."""
    baselines = np.zeros((len(features), len(Dimension)))
    parts = np.zeros((len(features), len(Dimension), len(Feature)))
    for distinct in {id(each): each for each in models}.values():
        rows = [row for row, each in enumerate(models) if each is distinct]
        for place, dimension in enumerate(Dimension):
            baselines[rows, place] = distinct[dimension].baseline
            parts[rows, place] = distinct[dimension].contributions(features[rows])
    return baselines, parts


def _assess(
    transcript: Transcript, baselines: Matrix, parts: Matrix, scores: Matrix, *, has_sources: bool
) -> Assessment:
    by_dimension = dict(zip(Dimension, scores.round(4).tolist(), strict=True))
    applies = {
        dimension: score if dimension != Dimension.ACCURACY or has_sources else None
        for dimension, score in by_dimension.items()
    }
    contributions = {
        str(dimension): {BASELINE: round(float(baseline), 3)}
        | {str(feature): value for feature, value in zip(Feature, row.round(3).tolist(), strict=True) if value}
        for dimension, baseline, row in zip(Dimension, baselines, parts, strict=True)
        if applies[dimension] is not None
    }
    # What moved the answer as a whole: the widest swing that a feature has in any dimension.
    moved = parts[np.abs(parts).argmax(axis=0), np.arange(len(Feature))]
    return Assessment(
        scores=applies,
        rationale=_rationale(dict(zip(Feature, moved.tolist(), strict=True))),
        quotes=tuple(_quotes(transcript)),
        contributions=contributions,
    )


def _rationale(moved: dict[Feature, float]) -> str:
    strongest = sorted((f for f in Feature if abs(moved[f]) >= NOTABLE), key=lambda f: -abs(moved[f]))[:5]
    lowered = [str(LABELS[feature]) for feature in strongest if moved[feature] < 0]
    raised = [str(LABELS[feature]) for feature in strongest if moved[feature] > 0]
    sentences = [
        _("Lowered by: %(reasons)s.") % {"reasons": "; ".join(lowered)} if lowered else "",
        _("Raised by: %(reasons)s.") % {"reasons": "; ".join(raised)} if raised else "",
    ]
    return " ".join(sentence for sentence in sentences if sentence) or _("Nothing stands out.")


def _quotes(transcript: Transcript) -> list[Quote]:
    """The words behind the two strongest reasons: a refusal, and the customer's reaction."""
    found = [
        Quote(Dimension.HELPFULNESS, answer[:QUOTE_LENGTH])
        for exchange in transcript.exchanges()
        for answer in exchange.answers
        if wording.is_refusal(answer)
    ][:1]
    reaction = transcript.reaction()
    if wording.sentiment(reaction) != 0:
        found.append(Quote(Dimension.HELPFULNESS, reaction[:QUOTE_LENGTH]))
    return found
