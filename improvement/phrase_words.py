"""Which words begin and end a phrase, learned from how a merchant's customers and articles write. Pure.

There is no tagger: "my X", "the X" and "for X" tell where a noun stands, "to X" and "please X" a verb, and German texts
write nouns with a capital.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from improvement.stop_words import GERMAN_FILLERS, STOP_WORDS
from portal.languages import ENGLISH, function_words, guess_language

FILLERS = {"de": GERMAN_FILLERS}
# Of a word's uses so many must show it as a noun, so that one slip of the pen is no evidence.
LEAST_SHARE = 0.1
_DETERMINERS = frozenset(
    """
    a an the my your our his her their its this these any no
    der die das den dem des ein eine einen einem einer eines mein meine meinen meinem meiner meines dein deine deinen
    euer eure euren eurem eurer unser unsere unseren ihr ihre ihren kein keine keinen diese dieser dieses diesen diesem
    """.split()  # noqa: SIM905 - a list of 60 strings reads worse
)
_PREPOSITIONS = frozenset(
    """
    of for with without between on in at from by about into under via
    für mit ohne auf in im am an von vom bei beim zum zur aus nach über unter
    """.split()  # noqa: SIM905 - as above
)
# Within a phrase only these stand between the words that mean something: "proof of my insurance".
LINKS = _DETERMINERS | _PREPOSITIONS | {"to", "zu", "de", "du", "des", "del", "di", "van"}
_REQUESTS = frozenset({"to", "please", "you", "cannot", "can't", "don't", "i"})
_AFTER_NOUNS = frozenset({"of", "for", "from", "between", "is", "are", "was", "has"})
_CLAUSE = re.compile(r"[.!?;:,()\n\"„“”–]+|\s-\s")
# An order number such as "TW-48211" names a case, not a topic, and what stands around it is no phrase.
_IDENTIFIER = re.compile(r"\S*\d\S*|\S+@\S+|https?://\S+")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_MOST_MODIFIERS = 2


@dataclass(slots=True)
class Clause:
    """The words as written, without sentence borders or numbers in between."""

    words: list[str]
    is_meaningful: list[bool]
    language: str
    is_cased: bool  # somebody who writes small letters only says nothing about nouns


def read_clauses(text: str) -> Iterator[Clause]:
    language = guess_language(text)
    skipped = STOP_WORDS if language == ENGLISH else function_words(language) | FILLERS.get(language, frozenset())
    for part in _CLAUSE.split(_IDENTIFIER.sub(" ; ", text)):
        words = _WORD.findall(part)
        lower = [base_form(word.lower()) for word in words]
        is_meaningful = [len(word) > 1 and word not in skipped and word not in LINKS for word in lower]
        is_cased = any(word[0].isupper() for word in words[1:]) and any(word[0].islower() for word in words)
        yield Clause(words, is_meaningful, language, is_cased)


def base_form(word: str) -> str:
    return word.replace("’", "'").split("'")[0]


def stem(word: str) -> str:
    """Enough to count "claim" and "claims" together; the spelling that people use most is what is shown."""
    word = base_form(word)
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


@dataclass(slots=True)
class Words:
    """How often each word is used, and in which place; lower case."""

    uses: Counter[str] = field(default_factory=Counter)
    nouns: Counter[str] = field(default_factory=Counter)
    beginnings: Counter[str] = field(default_factory=Counter)
    requests: Counter[str] = field(default_factory=Counter)
    german: Counter[str] = field(default_factory=Counter)
    capitals: Counter[str] = field(default_factory=Counter)
    cased: Counter[str] = field(default_factory=Counter)

    def is_noun(self, word: str) -> bool:
        if self.is_german(word) and self.cased[word]:
            return self.capitals[word] > self.cased[word] / 2
        return self.nouns[word] > LEAST_SHARE * self.uses[word]

    def is_german(self, word: str) -> bool:
        return self.german[word] > self.uses[word] / 2

    def begins_phrase(self, word: str) -> bool:
        """A noun, what stands before one, or in English what somebody wants to do."""
        if self.is_noun(word):
            return True
        shown = self.beginnings[word] if self.is_german(word) else max(self.beginnings[word], self.requests[word])
        return shown > LEAST_SHARE * self.uses[word] and not is_adverb(word)

    def spell(self, phrase: str) -> str:
        """German nouns with a capital, as most write them; other words as they are."""
        return " ".join(
            word.capitalize() if word.islower() and self.is_german(word) and self.is_noun(word) else word
            for word in phrase.split()
        )


def is_adverb(word: str) -> bool:
    return len(word) > 4 and word.endswith("ly")


def learn_words(texts: Iterable[str]) -> Words:
    words = Words()
    for text in texts:
        for clause in read_clauses(text):
            learn_clause(words, clause)
    return words


def learn_clause(words: Words, clause: Clause) -> None:
    lower = [word.lower() for word in clause.words]
    for at, word in enumerate(lower):
        if not clause.is_meaningful[at]:
            continue
        before = lower[at - 1] if at else ""
        words.uses[word] += 1
        words.beginnings[word] += before in _DETERMINERS
        words.requests[word] += before in _REQUESTS or (not at and len(lower) > 1 and lower[1] in _DETERMINERS)
        words.nouns[word] += ends_noun_phrase(clause, lower, at)
        if clause.language == "de":
            words.german[word] += 1
            if at and clause.is_cased:
                words.cased[word] += 1
                words.capitals[word] += clause.words[at][0].isupper()


def ends_noun_phrase(clause: Clause, lower: list[str], at: int) -> bool:
    """ "the X" and "for X", also "for the big X", where nothing that means something follows."""
    if at + 1 < len(lower) and clause.is_meaningful[at + 1]:
        return False
    first = at
    while first and clause.is_meaningful[first - 1] and at - first < _MOST_MODIFIERS:
        first -= 1
    before = lower[first - 1] if first else ""
    if first == at:
        return before in _DETERMINERS or before in _PREPOSITIONS
    follower = lower[at + 1] if at + 1 < len(lower) else ""
    is_within = first > 1 and lower[first - 2] in _PREPOSITIONS
    return before in _PREPOSITIONS or (before in _DETERMINERS and (is_within or follower in _AFTER_NOUNS))
