"""What the local scorer measures of a conversation: one row of numbers each, NaN where something cannot be told.

Every feature is scaled so that 0 is unremarkable and a unit is about one standard deviation (or "it happened").
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum

import numpy as np
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from analytics import wording
from analytics.answer_fit import Fit, measure_fit
from analytics.answer_form import lacks_form
from analytics.house_texts import NO_TEXTS, HouseTexts
from analytics.models import Outcome
from analytics.transcript import Exchange, Transcript

Matrix = NDArray[np.float64]


class Feature(StrEnum):
    RELEVANCE = "relevance"
    BEST_PASSAGE = "best_passage"
    TITLE = "title"
    BETTER_PASSAGE = "better_passage"
    BETTER_TEXT = "better_text"
    COVERAGE = "coverage"
    LENGTH = "length"
    LACKS_FORM = "lacks_form"
    REFUSAL = "refusal"
    REPETITION = "repetition"
    SLOWNESS = "slowness"
    REACTION = "reaction"
    ASKED_AGAIN = "asked_again"
    ESCALATED = "escalated"
    ABANDONED = "abandoned"
    CONFIRMED = "confirmed"
    RATING = "rating"
    SUPPORT = "support"
    GROUNDED = "grounded"
    UNSUPPORTED_NUMBERS = "unsupported_numbers"
    COURTESY = "courtesy"
    RUDENESS = "rudeness"


LABELS: dict[Feature, str | Promise] = {
    Feature.RELEVANCE: _("how close the answer is to the question"),
    Feature.BEST_PASSAGE: _("how close the best passage of the answer is to the question"),
    Feature.TITLE: _("how close the cited article’s title is to the question"),
    Feature.BETTER_PASSAGE: _("a passage that was not cited lies nearer to the question"),
    Feature.BETTER_TEXT: _("an article that was not cited lies nearer to the question"),
    Feature.COVERAGE: _("how much of the question the answer takes up"),
    Feature.LENGTH: _("how detailed the answer is"),
    Feature.LACKS_FORM: _("no number, date or time where the question asks for one"),
    Feature.REFUSAL: _("the agent said that it has no answer"),
    Feature.REPETITION: _("the agent repeated itself"),
    Feature.SLOWNESS: _("how long the customer waited"),
    Feature.REACTION: _("the customer’s last words"),
    Feature.ASKED_AGAIN: _("the customer asked the same again"),
    Feature.ESCALATED: _("handed over to a person"),
    Feature.ABANDONED: _("the customer left"),
    Feature.CONFIRMED: _("the customer confirmed the solution"),
    Feature.RATING: _("the customer’s rating"),
    Feature.SUPPORT: _("how much of the answer stands in the cited sources"),
    Feature.GROUNDED: _("how close the answer is to the cited sources"),
    Feature.UNSUPPORTED_NUMBERS: _("numbers that stand in no cited source"),
    Feature.COURTESY: _("courtesy"),
    Feature.RUDENESS: _("rude or shouted words"),
}
EMPTY_QUESTION = 0.4  # what an answer covers of a question without content words: unremarkable
COLUMN = {feature: index for index, feature in enumerate(Feature)}


def compute_features(transcripts: Sequence[Transcript], house: HouseTexts = NO_TEXTS) -> Matrix:
    """(n, len(Feature)). All texts are embedded in one call. Raises EmbeddingError."""
    exchanges = [transcript.exchanges() for transcript in transcripts]
    fits, again = measure_fit(exchanges, house)
    rows = np.full((len(transcripts), len(Feature)), np.nan)
    for row, transcript, own, close, repeat in zip(rows, transcripts, exchanges, fits, again, strict=True):
        found = _of_outcome(transcript)
        if own:
            found |= _of_fit(close) | _of_answers(own, house) | _of_sources(own, transcript.sources)
            found[Feature.ASKED_AGAIN] = repeat
        for feature, value in found.items():
            row[COLUMN[feature]] = value
    return rows


def _scaled(value: float, centre: float, spread: float) -> float:
    return max(-2.5, min(2.5, (value - centre) / spread))


def _of_fit(fits: Sequence[Fit]) -> dict[Feature, float]:
    """The means over the exchanges in which the thing is known."""
    measured: tuple[tuple[Feature, Iterable[float | None], float, float], ...] = (
        (Feature.RELEVANCE, (fit.whole for fit in fits), 0.45, 0.18),
        (Feature.BEST_PASSAGE, (fit.best_passage for fit in fits), 0.55, 0.18),
        (Feature.TITLE, (fit.title for fit in fits), 0.45, 0.2),
        (Feature.BETTER_PASSAGE, (fit.better_passage for fit in fits), 0.0, 0.15),
        (Feature.BETTER_TEXT, (fit.better_text for fit in fits), 0.0, 0.15),
        (Feature.GROUNDED, (fit.grounded for fit in fits), 0.8, 0.15),
    )
    found = {}
    for feature, values, centre, spread in measured:
        known = [value for value in values if value is not None]
        if known:
            found[feature] = _scaled(float(np.mean(known)), centre, spread)
    return found


def _of_outcome(transcript: Transcript) -> dict[Feature, float]:
    found = {
        Feature.REACTION: wording.sentiment(transcript.reaction()),
        Feature.ESCALATED: float(transcript.outcome == Outcome.ESCALATED),
        Feature.ABANDONED: float(transcript.outcome == Outcome.ABANDONED),
        Feature.CONFIRMED: float(transcript.is_confirmed),
    }
    if transcript.rating is not None:
        found[Feature.RATING] = (transcript.rating - 3) / 2
    return found


def _of_answers(exchanges: Sequence[Exchange], house: HouseTexts) -> dict[Feature, float]:
    covered = [_covered(exchange, house) for exchange in exchanges]
    lengths = [np.log1p(min(len(wording.words(e.answer)), 400)) for e in exchanges]
    answers = [answer for exchange in exchanges for answer in exchange.answers]
    lacking = [lacks for e in exchanges if (lacks := lacks_form(e.question, e.answer)) is not None]
    latencies = [e.latency_ms for e in exchanges if e.latency_ms is not None]
    found = {
        Feature.COVERAGE: _scaled(float(np.mean(covered)), EMPTY_QUESTION, 0.3),
        Feature.LENGTH: _scaled(float(np.mean(lengths)), np.log1p(35), 0.8),
        Feature.REFUSAL: float(np.mean([wording.is_refusal(e.answer) for e in exchanges])),
        Feature.REPETITION: (len(answers) - len({" ".join(wording.words(answer)) for answer in answers}))
        / len(answers),
        Feature.COURTESY: float(np.mean([wording.courtesy(answer) for answer in answers])),
        Feature.RUDENESS: max(wording.rudeness(answer) for answer in answers),
    }
    if lacking:
        found[Feature.LACKS_FORM] = float(np.mean(lacking))
    if latencies:
        found[Feature.SLOWNESS] = max(0.0, min(2.0, float(np.log10(max(latencies) / 10_000 + 1e-9))))
    return found


def _covered(exchange: Exchange, house: HouseTexts) -> float:
    """The share of the question's words that the answer takes up, each counted by its rarity in the house."""
    asked, said = wording.content_stems(exchange.question), wording.content_stems(exchange.answer)
    weights = {stem: house.rarity(stem) for stem in sorted(asked)}
    total = sum(weights.values())
    return sum(weight for stem, weight in weights.items() if stem in said) / total if total else EMPTY_QUESTION


def _of_sources(exchanges: Sequence[Exchange], sources: Sequence[str]) -> dict[Feature, float]:
    """How much of what the answers say stands in the sources. Nothing where there is no source or no claim."""
    claims = [exchange.answer for exchange in exchanges if not wording.is_refusal(exchange.answer)]
    if not sources or not claims:
        return {}
    source, claim = "\n".join(sources), "\n".join(claims)
    known = wording.content_stems(source) | wording.content_stems("\n".join(e.question for e in exchanges))
    said = wording.numbers(claim)
    return {
        Feature.SUPPORT: _scaled(_share(wording.content_stems(claim), known, empty=1.0), 0.7, 0.2),
        Feature.UNSUPPORTED_NUMBERS: 1 - _share(said, wording.numbers(source), empty=1.0),
    }


def _share(parts: frozenset[str], whole: frozenset[str], *, empty: float) -> float:
    return len(parts & whole) / len(parts) if parts else empty
