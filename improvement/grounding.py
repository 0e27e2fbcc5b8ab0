"""Is every sentence of an article said by the sources that it cites?

Two views, because each is blind alone: words (a fact that stands nowhere in the source) and vectors (the same said
in other words). A number that no cited source has, or a turned negation, is never supported, however alike the
sentences are.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from improvement.sentences import Claim, split_claims, split_sentences
from improvement.wording import content_words, find_numbers, is_negative
from portal.embeddings import embed

WORDS_ENOUGH = 0.8
WORDS_LEAST = 0.5
SIMILARITY_ENOUGH = 0.65


def check_claims(body: str, citations: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row per sentence, as DraftRevision.grounding stores them: claim, marks, support 0-1, is_supported, problem.

    `problem` is "" or a closed word: no_source, number, negation, words. `missing` are the words no source has.
    """
    quotes = {int(row["mark"]): str(row["quote"]) for row in citations}
    claims = split_claims(body)
    parts = {mark: [quote, *split_sentences(quote)] for mark, quote in quotes.items()}
    texts = [claim.text for claim in claims] + [text for group in parts.values() for text in group]
    vectors = dict(zip(texts, embed(texts), strict=True))
    return [_check(claim, parts, vectors) for claim in claims]


def _check(claim: Claim, parts: dict[int, list[str]], vectors: dict[str, Any]) -> dict[str, Any]:
    cited = [text for mark in claim.marks for text in parts.get(mark, [])]
    row: dict[str, Any] = {"claim": claim.text, "marks": list(claim.marks), "missing": []}
    if not cited:
        return row | {"support": 0.0, "is_supported": False, "problem": "no_source"}
    words = content_words(claim.text)
    said = frozenset[str]().union(*(content_words(text) for text in cited))
    lexical = len(words & said) / len(words) if words else 1.0
    similarities = np.array([float(vectors[claim.text] @ vectors[text]) for text in cited])
    closest = cited[int(similarities.argmax())]
    similarity = float(similarities.max())
    missing = [word for word in claim.text.split() if (stems := content_words(word)) and not stems & said]
    problem = ""
    if find_numbers(claim.text) - said:
        problem = "number"
    elif is_negative(claim.text) != is_negative(closest):
        problem = "negation"
    elif lexical < WORDS_LEAST or (lexical < WORDS_ENOUGH and similarity < SIMILARITY_ENOUGH):
        problem = "words"
    support = round((lexical + max(similarity, 0.0)) / 2, 3)
    return row | {"support": support, "is_supported": not problem, "problem": problem, "missing": missing[:8]}
