"""Puts a gap's phrases in the order of how well they say what its questions are about (after KeyBERT)."""

import logging
from collections.abc import Sequence

import numpy as np

from improvement.keyphrases import N_PHRASES
from portal.embeddings import EmbeddingError, Vectors, embed

N_CANDIDATES = 12
# What each place further down in the order of frequency costs, in cosine.
RARER = 0.025
# What a single word costs: "status" is near to much, and says little.
ALONE = 0.06
logger = logging.getLogger(__name__)


def order_by_meaning(phrases: Sequence[Sequence[str]], centres: Sequence[Vectors]) -> list[list[str]]:
    """`phrases`: of each gap, the most telling by frequency first. Where nothing can be embedded they stay so."""
    try:
        vectors = embed([phrase for options in phrases for phrase in options])
    except EmbeddingError as error:
        logger.warning("gaps are named by frequency alone: %s", error)
        return [list(options[:N_PHRASES]) for options in phrases]
    ordered: list[list[str]] = []
    start = 0
    for options, centre in zip(phrases, centres, strict=True):
        is_alone = np.array([" " not in phrase for phrase in options])
        costs = RARER * np.arange(len(options)) + ALONE * is_alone
        closeness = vectors[start : start + len(options)] @ centre - costs
        ordered.append([options[place] for place in np.argsort(-closeness, kind="stable")[:N_PHRASES].tolist()])
        start += len(options)
    return ordered
