"""What the local scorer believes before any label: log-odds for one unit of a feature.

Refusals, reactions, outcomes, grounding and tone are set by judgement. The sizes of the first eight of helpfulness are
rounded from what people's ratings of FeedbackQA teach (docs/quality.md says what that means for figures on that set).
"""

from collections.abc import Mapping

from analytics.additive_model import AdditiveModel, straight
from analytics.features import Feature
from analytics.rubric import Dimension

PRIOR = "prior-2"

# The score of an unremarkable answer.
BASELINES: Mapping[Dimension, float] = {
    Dimension.HELPFULNESS: -0.4,
    Dimension.ACCURACY: 0.5,
    Dimension.POLITENESS: 1.4,
    Dimension.COMPLETENESS: -0.5,
}
SLOPES: Mapping[Dimension, Mapping[Feature, float]] = {
    Dimension.HELPFULNESS: {
        Feature.RELEVANCE: 0.4,
        Feature.BEST_PASSAGE: 0.4,
        Feature.TITLE: 0.1,
        Feature.BETTER_PASSAGE: -0.4,
        Feature.BETTER_TEXT: -0.6,
        Feature.COVERAGE: 0.4,
        Feature.LENGTH: 0.4,
        Feature.LACKS_FORM: -0.8,
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
        Feature.SUPPORT: 0.8,
        Feature.GROUNDED: 0.4,
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
        Feature.RELEVANCE: 0.2,
        Feature.BEST_PASSAGE: 0.3,
        Feature.BETTER_TEXT: -0.4,
        Feature.LENGTH: 0.5,
        Feature.LACKS_FORM: -1.0,
        Feature.REFUSAL: -2.5,
        Feature.ASKED_AGAIN: -1.2,
        Feature.ESCALATED: -0.7,
        Feature.REACTION: 0.4,
        Feature.RATING: 0.6,
    },
}
PRIOR_MODELS: Mapping[Dimension, AdditiveModel] = {
    dimension: straight(BASELINES[dimension], [SLOPES[dimension].get(feature, 0.0) for feature in Feature])
    for dimension in Dimension
}
