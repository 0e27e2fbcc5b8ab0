"""What the local scorer measures of a conversation: one row of numbers each, NaN where something cannot be told.

Every feature is scaled so that 0 is unremarkable and a unit is about one standard deviation (or "it happened").
"""

from collections.abc import Sequence
from enum import StrEnum

import numpy as np
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from analytics import wording
from analytics.models import Outcome
from analytics.transcript import Exchange, Transcript
from portal.embeddings import embed

Matrix = NDArray[np.float64]


class Feature(StrEnum):
    RELEVANCE = "relevance"
    COVERAGE = "coverage"
    LENGTH = "length"
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
    UNSUPPORTED_NUMBERS = "unsupported_numbers"
    COURTESY = "courtesy"
    RUDENESS = "rudeness"


LABELS: dict[Feature, str | Promise] = {
    Feature.RELEVANCE: _("how close the answer is to the question"),
    Feature.COVERAGE: _("how much of the question the answer takes up"),
    Feature.LENGTH: _("how detailed the answer is"),
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
    Feature.UNSUPPORTED_NUMBERS: _("numbers that stand in no cited source"),
    Feature.COURTESY: _("courtesy"),
    Feature.RUDENESS: _("rude or shouted words"),
}
COLUMN = {feature: index for index, feature in enumerate(Feature)}
# Above this similarity two questions of one customer ask for the same.
SAME_QUESTION = 0.6
EMBEDDED_CHARACTERS = 1_200  # the model reads 256 tokens


def compute_features(transcripts: Sequence[Transcript]) -> Matrix:
    """(n, len(Feature)). All texts are embedded in one call. Raises EmbeddingError."""
    exchanges = [transcript.exchanges() for transcript in transcripts]
    similarity, again = _similarities(exchanges)
    rows = np.full((len(transcripts), len(Feature)), np.nan)
    for row, transcript, own, close, repeat in zip(rows, transcripts, exchanges, similarity, again, strict=True):
        for feature, value in _of_outcome(transcript).items():
            row[COLUMN[feature]] = value
        if own:
            row[COLUMN[Feature.RELEVANCE]] = _scaled(float(np.mean(close)), 0.45, 0.18)
            row[COLUMN[Feature.ASKED_AGAIN]] = repeat
            for feature, value in (_of_answers(own) | _of_sources(own, transcript.sources)).items():
                row[COLUMN[feature]] = value
    return rows


def _scaled(value: float, centre: float, spread: float) -> float:
    return max(-2.5, min(2.5, (value - centre) / spread))


def _similarities(exchanges: Sequence[Sequence[Exchange]]) -> tuple[list[NDArray[np.float32]], list[float]]:
    """Per conversation: cosine of each question with its answer, and how much a later question repeats an earlier."""
    texts = [
        text[:EMBEDDED_CHARACTERS]
        for own in exchanges
        for exchange in own
        for text in (exchange.question, exchange.answer)
    ]
    vectors = embed(texts)
    questions, answers = vectors[::2], vectors[1::2]
    cosines = np.einsum("ij,ij->i", questions, answers)
    close, again = [], []
    start = 0
    for own in exchanges:
        end = start + len(own)
        close.append(cosines[start:end])
        among = np.triu(questions[start:end] @ questions[start:end].T, k=1)
        again.append(max(0.0, min(1.0, (float(among.max(initial=0)) - SAME_QUESTION) / (1 - SAME_QUESTION))))
        start = end
    return close, again


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


def _of_answers(exchanges: Sequence[Exchange]) -> dict[Feature, float]:
    covered = [_share(wording.content_stems(e.question), wording.content_stems(e.answer), empty=0.4) for e in exchanges]
    lengths = [np.log1p(min(len(wording.words(e.answer)), 400)) for e in exchanges]
    answers = [answer for exchange in exchanges for answer in exchange.answers]
    latencies = [e.latency_ms for e in exchanges if e.latency_ms is not None]
    found = {
        Feature.COVERAGE: _scaled(float(np.mean(covered)), 0.4, 0.3),
        Feature.LENGTH: _scaled(float(np.mean(lengths)), np.log1p(35), 0.8),
        Feature.REFUSAL: float(np.mean([wording.is_refusal(e.answer) for e in exchanges])),
        Feature.REPETITION: (len(answers) - len({" ".join(wording.words(answer)) for answer in answers}))
        / len(answers),
        Feature.COURTESY: float(np.mean([wording.courtesy(answer) for answer in answers])),
        Feature.RUDENESS: max(wording.rudeness(answer) for answer in answers),
    }
    if latencies:
        found[Feature.SLOWNESS] = max(0.0, min(2.0, float(np.log10(max(latencies) / 10_000 + 1e-9))))
    return found


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
