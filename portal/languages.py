"""Which language a short text is in, by the function words that it uses, and what is left of it without them."""

import re
from collections.abc import Iterator
from functools import cache

ENGLISH = "en"
# Code → the name that the word lists and stemmers have for it.
NAMES = {
    "da": "danish",
    "de": "german",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "it": "italian",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "sv": "swedish",
}
# What customers wrap a request in; the lists of function words have no greetings.
COURTESIES = {
    "de": "hallo hi hey moin servus guten tag abend morgen liebe liebes lieber team lg vg gruß grüße danke dank bitte "
    "viele vielen schon mal vorab gern gerne kurz frage möchte wollte",
}
_WORD = re.compile(r"[^\W\d_]{2,}")


def split_words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


@cache
def function_words(language: str) -> frozenset[str]:
    """Empty for a language without a list."""
    from stop_words import get_stop_words  # noqa: PLC0415 - only where texts are compared

    if language not in NAMES:
        return frozenset()
    return frozenset(get_stop_words(NAMES[language])) | frozenset(COURTESIES.get(language, "").split())


@cache
def languages_of(word: str) -> tuple[str, ...]:
    return tuple(language for language in NAMES if word in function_words(language))


def guess_language(text: str) -> str:
    """The language whose function words the text uses most; English where none has more than English."""
    hits = dict.fromkeys(NAMES, 0)
    for word in split_words(text):
        for language in languages_of(word):
            hits[language] += 1
    best = max(hits, key=lambda language: (hits[language], language == ENGLISH))
    return best if hits[best] > hits[ENGLISH] else ENGLISH


def content_stems(text: str, language: str) -> Iterator[str]:
    """The stems of the words that carry the text's meaning, in order."""
    from snowballstemmer import stemmer  # noqa: PLC0415 - only where texts are compared

    stem = stemmer(NAMES[language]).stemWord
    skipped = function_words(language)
    for word in split_words(text):
        if word not in skipped:
            yield stem(word)
