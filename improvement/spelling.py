"""Sees through misspellings: "cancle" stands for the merchant's "cancel", so that its question lies where it belongs.

A word is corrected only towards what the merchant's articles or several customers say, and only where it is no English
word itself: the local model's vocabulary says which are. Half of the vector stays with what the customer wrote, so that
a wrong correction does little harm.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from string import ascii_lowercase

import numpy as np

from improvement.coverage_features import Base, Questions
from portal.embeddings import embed, uses_openai
from portal.embeddings.local import find_model_folder
from portal.languages import ENGLISH, guess_language

MIN_LENGTH = 4
MIN_LENGTH_OF_TWO = 7  # letters from which one may be missing and another too many
ASKED_BY_SEVERAL = 5
RARE = 3  # who says it more often means it
ARTICLE_WEIGHT = 3
MAX_CORRECTED = 5000  # the newest; some seconds of embedding
_WORD = re.compile(r"[^\W\d_]+")


@cache
def english_words() -> frozenset[str]:
    return frozenset((find_model_folder() / "vocab.txt").read_text(encoding="utf-8").split())


class Spelling:
    def __init__(self, told: Sequence[str], asked: Sequence[str], english: frozenset[str]) -> None:
        self.english = english
        self.asked = count_words(asked)
        in_articles = {word: n for word, n in count_words(told).items() if word in english or n > 1}
        self.known = {word: ARTICLE_WEIGHT * n + self.asked[word] for word, n in in_articles.items()}
        for word, n in self.asked.items():
            if n >= ASKED_BY_SEVERAL and word in english:
                self.known[word] = max(self.known.get(word, 0), n)
        self.shortened: dict[str, set[str]] = {}
        for word in self.known:
            for rest in {word, *shorten(word)}:
                self.shortened.setdefault(rest, set()).add(word)
        self.corrected: dict[str, str] = {}

    def correct(self, text: str) -> str:
        return _WORD.sub(lambda match: self.correct_word(match.group()), text)

    def correct_word(self, word: str) -> str:
        """The word itself where it is known, or resembles none that is."""
        lower = word.lower()
        if lower not in self.corrected:
            self.corrected[lower] = self._look_up(lower)
        return word if self.corrected[lower] == lower else self.corrected[lower]

    def _look_up(self, word: str) -> str:
        if len(word) < MIN_LENGTH or word in self.english or word in self.known or self.asked[word] > RARE:
            return word
        alike = [one for one in change_once(word) if one in self.known]
        if not alike and len(word) >= MIN_LENGTH_OF_TWO:
            alike = [one for rest in shorten(word) for one in self.shortened.get(rest, ())]
        return max((one for one in alike if one[0] == word[0]), key=lambda one: (self.known[one], one), default=word)


def count_words(texts: Sequence[str]) -> Counter[str]:
    """In how many texts each word stands that is long enough."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update({word for word in _WORD.findall(text.lower()) if len(word) >= MIN_LENGTH})
    return counts


def shorten(word: str) -> set[str]:
    return {word[:at] + word[at + 1 :] for at in range(len(word))}


def change_once(word: str) -> set[str]:
    """One letter less, more or another, or two neighbours swapped."""
    cuts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    return shorten(word).union(
        (head + tail[1] + tail[0] + tail[2:] for head, tail in cuts if len(tail) > 1),
        (head + letter + tail for head, tail in cuts for letter in ascii_lowercase),
        (head + letter + tail[1:] for head, tail in cuts if tail for letter in ascii_lowercase),
    )


def correct_spelling(
    questions: Questions, base: Base, is_wanted: Callable[[int], bool] = lambda _row: True
) -> Questions:
    """The questions with misspelt words corrected, their vectors halfway to those of the corrected texts.

    English only, and the local model only: a large one reads misspellings by itself. Raises EmbeddingError.
    """
    if uses_openai() or not len(base.vectors):
        return questions
    spelling = Spelling(base.texts, questions.texts, english_words())
    texts = list(questions.texts)
    rows: list[int] = []
    for row in range(len(texts) - 1, -1, -1):
        if len(rows) == MAX_CORRECTED:
            break
        corrected = spelling.correct(texts[row]) if is_wanted(row) else texts[row]
        if corrected != texts[row] and guess_language(texts[row]) == ENGLISH:
            texts[row] = corrected
            rows.append(row)
    if not rows:
        return questions
    vectors = questions.vectors.copy()
    mixed = vectors[rows] + embed([texts[row] for row in rows])
    vectors[rows] = mixed / np.maximum(np.linalg.norm(mixed, axis=1, keepdims=True), np.float32(1e-9))
    return Questions(texts, vectors)
