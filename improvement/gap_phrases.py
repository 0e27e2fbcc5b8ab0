"""What a gap is called without a language model: the phrase, or the question, nearest to its centre (after KeyBERT)."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from improvement.gap_questions import shorten
from improvement.keyphrases import N_PHRASES
from portal.embeddings import EmbeddingError, Vectors, embed

N_CANDIDATES = 12
# What each place further down in the order of frequency costs, in cosine.
RARER = 0.025
# What a single word costs: "status" is near to much, and says little.
ALONE = 0.06
# A phrase is a name where it is this near to the questions' centre, as a share of how near the most typical question
# is; models differ in what a cosine of 0.5 means. A word alone must say nearly all.
NEAR_ENOUGH, NEAR_ENOUGH_ALONE = 0.6, 0.75
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Naming:
    """`options`: what the name is made of, best first. `phrases` alone are shown as the gap's typical words."""

    phrases: list[str]
    options: list[str]


def choose_names(
    phrases: Sequence[Sequence[str]], sentences: Sequence[Sequence[str]], centres: Sequence[Vectors]
) -> list[Naming]:
    """`phrases`: of each gap, the most telling by frequency first; `sentences`: what its typical questions ask, never
    empty. Everything is embedded at once; where nothing can be, frequency alone decides."""
    rows = list(zip(phrases, sentences, strict=True))
    try:
        vectors = embed([text for options, asked in rows for text in (*options, *asked)])
    except EmbeddingError as error:
        logger.warning("gaps are named by frequency alone: %s", error)
        return [Naming(list(found[:N_PHRASES]), [*found[:N_PHRASES], shorten(asked[0])]) for found, asked in rows]
    namings: list[Naming] = []
    start = 0
    for (options, asked), centre in zip(rows, centres, strict=True):
        end = start + len(options) + len(asked)
        namings.append(choose_name(options, asked, vectors[start:end] @ centre))
        start = end
    return namings


def choose_name(phrases: Sequence[str], sentences: Sequence[str], closeness: NDArray[np.float32]) -> Naming:
    """`closeness`: of the phrases, then of the sentences, to the centre."""
    of_phrases, of_sentences = closeness[: len(phrases)], closeness[len(phrases) :]
    typical = int(np.argmax(of_sentences))
    is_alone = np.array([" " not in phrase for phrase in phrases], dtype=bool)
    least = of_sentences[typical] * np.where(is_alone, NEAR_ENOUGH_ALONE, NEAR_ENOUGH)
    is_near = of_phrases >= least
    ranked = np.lexsort((-(of_phrases - RARER * np.arange(len(phrases)) - ALONE * is_alone), ~is_near))
    ordered = [phrases[place] for place in ranked[:N_PHRASES].tolist()]
    question = shorten(sentences[typical])
    return Naming(ordered, [*ordered, question] if is_near.any() else [question, *ordered])
