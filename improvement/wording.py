"""Content words and numbers of a sentence, for comparing what two sentences say. Pure, English."""

import re
from functools import cache

NUMBER_WORDS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
]
_VALUES = {word: str(value) for value, word in enumerate(NUMBER_WORDS)} | {
    "fifteen": "15", "twenty": "20", "thirty": "30", "fourteen": "14", "sixty": "60", "ninety": "90", "hundred": "100"
}  # fmt: skip
_WORD = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)?")
_SUFFIXES = ("ing", "ies", "ed", "es", "s", "e", "y")
# Stop words of scikit-learn that carry meaning in an answer.
_MEANT = {"call", "bill", "fill", "never", "not", "no", "without", "cannot"}
_POLITE = {"please", "just", "also", "like", "want", "need", "hi", "hello"}
_NEGATION = re.compile(r"\b(?:not|no|never|without|cannot|neither|nor|\w+n['’]t)\b", re.IGNORECASE)


def stem(word: str) -> str:
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            return word[: -len(suffix)]
    return word


@cache
def stop_words() -> frozenset[str]:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS  # noqa: PLC0415 - a second that no web start need pay

    return frozenset(ENGLISH_STOP_WORDS) - _VALUES.keys() - _MEANT | _POLITE


def content_words(text: str) -> frozenset[str]:
    """Stems without stop words; "two" and "2" are one word."""
    words = (_VALUES.get(word, word) for word in _WORD.findall(text.lower().replace("’", "'")))
    return frozenset(stem(word) for word in words if word not in stop_words())


def find_numbers(text: str) -> frozenset[str]:
    return frozenset(word for word in content_words(text) if word[0].isdigit())


def is_negative(text: str) -> bool:
    return bool(_NEGATION.search(text))
