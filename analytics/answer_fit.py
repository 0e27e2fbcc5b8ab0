"""How an answer's meaning fits its question, by sentence vectors: all texts of a batch are embedded in one call.

Cosines of passages, not of whole texts: the best passage, the middle of all of them, the title of what was cited, and
whether another text of the house lies nearer to the question than what the agent chose.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.house_texts import HouseTexts
from analytics.passages import split_passages
from analytics.transcript import Exchange
from portal.embeddings import Vectors, embed

# Above this similarity two questions of one customer ask for the same.
SAME_QUESTION = 0.6
EMBEDDED_CHARACTERS = 1_200  # the model reads 256 tokens


@dataclass(frozen=True, slots=True)
class Fit:
    """Cosines of one exchange; None where no cited text is known."""

    whole: float
    best_passage: float
    title: float | None = None
    # How much nearer than the cited texts and the answer another text's best passage is, and another whole text. ≥ 0.
    better_passage: float | None = None
    better_text: float | None = None
    # The mean over the answer's passages of the nearest passage in what was cited.
    grounded: float | None = None


def measure_fit(exchanges: Sequence[Sequence[Exchange]], house: HouseTexts) -> tuple[list[list[Fit]], list[float]]:
    """Per conversation: the fit of each exchange, and how much a later question repeats an earlier one (0–1).

    Raises EmbeddingError.
    """
    flat = [exchange for own in exchanges for exchange in own]
    passages = [split_passages(exchange.answer) for exchange in flat]
    questions = [exchange.question[:EMBEDDED_CHARACTERS] for exchange in flat]
    vectors = embed([*questions, *(part[:EMBEDDED_CHARACTERS] for parts in passages for part in parts)])
    asked, said = vectors[: len(flat)], vectors[len(flat) :]
    ends = np.cumsum([len(parts) for parts in passages])
    near, near_texts = asked @ house.vectors.T, asked @ house.centres.T
    fits = [
        _fit(asked[row], said[end - len(parts) : end], _Near(near[row], near_texts[row]), exchange, house)
        for row, (exchange, parts, end) in enumerate(zip(flat, passages, ends, strict=True))
    ]
    by_conversation, again, start = [], [], 0
    for own in exchanges:
        by_conversation.append(fits[start : start + len(own)])
        again.append(_repeats(asked[start : start + len(own)]))
        start += len(own)
    return by_conversation, again


def _repeats(questions: Vectors) -> float:
    among = np.triu(questions @ questions.T, k=1)
    return max(0.0, min(1.0, (float(among.max(initial=0)) - SAME_QUESTION) / (1 - SAME_QUESTION)))


@dataclass(frozen=True, slots=True)
class _Near:
    """Cosines of one question with every passage and every text of the house."""

    passages: NDArray[np.float32]
    texts: NDArray[np.float32]


def _fit(question: Vectors, answer: Vectors, near: _Near, exchange: Exchange, house: HouseTexts) -> Fit:
    cosines = answer @ question
    whole = float(_cosine(answer.sum(axis=0), question))
    best = float(cosines.max())
    cited = sorted({house.places[name] for name in exchange.source_ids if name in house.places})
    if not cited:
        return Fit(whole, best)
    of_cited = np.isin(house.owners, cited)
    return Fit(
        whole,
        best,
        title=float(near.passages[house.starts[cited]].max()),
        better_passage=max(0.0, float(near.passages.max()) - max(float(near.passages[of_cited].max()), best)),
        better_text=max(0.0, float(near.texts.max()) - max(float(near.texts[cited].max()), whole)),
        grounded=float((answer @ house.vectors[of_cited].T).max(axis=1).mean()),
    )


def _cosine(vector: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(vector @ other) / max(float(np.linalg.norm(vector)), 1e-9)
