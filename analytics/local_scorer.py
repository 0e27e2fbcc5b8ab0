"""Quality without a language model: a transparent weighted logistic of computed features.

The weights are a prior set by hand, checked against human ratings (docs/quality.md says how well) and not fitted to
any merchant. Everything that moved a score is stored with it.
"""

from collections.abc import Sequence

import numpy as np
from django.utils.translation import gettext as _

from analytics import wording
from analytics.features import COLUMN, LABELS, Feature, Matrix, compute_features
from analytics.rubric import Assessment, Dimension, Quote
from analytics.transcript import Transcript
from portal import embeddings

PRIOR = "prior-1"

# Log-odds for one unit of a feature; INTERCEPT is the score of an unremarkable answer.
INTERCEPT: dict[Dimension, float] = {
    Dimension.HELPFULNESS: -0.6,
    Dimension.ACCURACY: 0.5,
    Dimension.POLITENESS: 1.4,
    Dimension.COMPLETENESS: -0.6,
}
WEIGHTS: dict[Dimension, dict[Feature, float]] = {
    Dimension.HELPFULNESS: {
        Feature.RELEVANCE: 0.8,
        Feature.COVERAGE: 0.4,
        Feature.LENGTH: 0.4,
        Feature.REFUSAL: -2.5,
        Feature.REPETITION: -1.0,
        Feature.SLOWNESS: -0.2,
        Feature.REACTION: 0.9,
        Feature.ASKED_AGAIN: -1.2,
        Feature.ESCALATED: -0.9,
        Feature.ABANDONED: -0.8,
        Feature.CONFIRMED: 0.6,
        Feature.RATING: 1.2,
    },
    Dimension.ACCURACY: {
        Feature.SUPPORT: 0.9,
        Feature.UNSUPPORTED_NUMBERS: -2.0,
        Feature.RELEVANCE: 0.3,
        Feature.REACTION: 0.3,
        Feature.RATING: 0.3,
    },
    Dimension.POLITENESS: {
        Feature.COURTESY: 0.8,
        Feature.RUDENESS: -3.0,
        Feature.REPETITION: -0.4,
        Feature.REACTION: 0.3,
    },
    Dimension.COMPLETENESS: {
        Feature.COVERAGE: 0.6,
        Feature.RELEVANCE: 0.5,
        Feature.LENGTH: 0.5,
        Feature.REFUSAL: -2.5,
        Feature.ASKED_AGAIN: -1.2,
        Feature.ESCALATED: -0.7,
        Feature.REACTION: 0.4,
        Feature.RATING: 0.6,
    },
}
# In the order of Feature, so that scoring is one matrix product.
_MATRIX: Matrix = np.array([[WEIGHTS[dimension].get(feature, 0.0) for feature in Feature] for dimension in Dimension])
_INTERCEPTS: Matrix = np.array([INTERCEPT[dimension] for dimension in Dimension])
NOTABLE = 0.3  # log-odds: smaller contributions stay out of the words
QUOTE_LENGTH = 240


def version() -> str:
    """Names the vectors too: those of another embedding model would give other scores."""
    return f"{PRIOR} {embeddings.model_name()}"[:60]


def score_locally(transcripts: Sequence[Transcript]) -> list[Assessment]:
    """One assessment per transcript, which must hold an answer of the agent. Raises EmbeddingError."""
    features = compute_features(transcripts)
    parts = np.nan_to_num(features)[:, None, :] * _MATRIX[None, :, :]
    scores = 1 / (1 + np.exp(-(parts.sum(axis=2) + _INTERCEPTS)))
    has_sources = ~np.isnan(features[:, COLUMN[Feature.SUPPORT]])
    return [
        _assess(transcript, part, score, has_sources=bool(grounded))
        for transcript, part, score, grounded in zip(transcripts, parts, scores, has_sources, strict=True)
    ]


def _assess(transcript: Transcript, parts: Matrix, scores: Matrix, *, has_sources: bool) -> Assessment:
    by_dimension = dict(zip(Dimension, scores.round(4).tolist(), strict=True))
    applies = {
        dimension: score if dimension != Dimension.ACCURACY or has_sources else None
        for dimension, score in by_dimension.items()
    }
    contributions = {
        str(dimension): {
            str(feature): round(float(value), 3)
            for feature, value in zip(Feature, row, strict=True)
            if abs(value) >= 0.005
        }
        for dimension, row in zip(Dimension, parts, strict=True)
        if applies[dimension] is not None
    }
    # What moved the answer as a whole: helpfulness holds the widest set of features.
    moved = {feature: max(parts[:, COLUMN[feature]], key=abs) for feature in Feature}
    return Assessment(
        scores=applies,
        rationale=_rationale({feature: float(value) for feature, value in moved.items()}),
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
