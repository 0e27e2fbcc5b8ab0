"""Names topics by the phrases that are frequent inside and rare outside (class-based TF-IDF, after BERTopic). Pure."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import log

from improvement.stop_words import GERMAN_FILLERS, STOP_WORDS
from portal.languages import ENGLISH, function_words, guess_language

MAX_WORDS = 3
N_PHRASES = 5
MIN_SHARE = 0.12  # of the topic's questions; what fewer say names nothing
# Two words say what is done to what: "Reset password". A third must earn its place.
LENGTH_FACTOR = {1: 1.0, 2: 2.4, 3: 2.6}
MIN_COMPANY = 0.15
MAX_NAME = 60

FILLERS = {"de": GERMAN_FILLERS}
_LINKS = frozenset({"of", "for"})
# An order number such as "TW-48211" names a case, not a topic.
_IDENTIFIER = re.compile(r"\b[^\W\d_]*-?\d[\w-]*")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")


@dataclass(slots=True)
class Counts:
    """In how many questions of one topic each phrase stands, and how it is most often written."""

    n_questions: int = 0
    phrases: Counter[tuple[str, ...]] = field(default_factory=Counter)
    spellings: dict[tuple[str, ...], Counter[str]] = field(default_factory=dict)


def name_topics(
    topics: Sequence[Sequence[str]], others: Sequence[str] = (), *, most: int = N_PHRASES
) -> list[list[str]]:
    """For every topic its phrases, best first, never empty; `others` are questions of no topic, for contrast."""
    counted = [count_phrases(questions) for questions in topics]
    everywhere: Counter[tuple[str, ...]] = Counter(count_phrases(others).phrases)
    for counts in counted:
        everywhere.update(counts.phrases)
    total = len(others) + sum(counts.n_questions for counts in counted)
    chosen = [rank_phrases(counts, everywhere, total, most) for counts in counted]
    return [phrases or [shorten(questions)] for phrases, questions in zip(chosen, topics, strict=True)]


def count_phrases(questions: Sequence[str]) -> Counts:
    counts = Counts(len(questions))
    for question in questions:
        found: dict[tuple[str, ...], str] = {}
        language = guess_language(question)
        skipped = STOP_WORDS if language == ENGLISH else function_words(language) | FILLERS.get(language, frozenset())
        for sentence in re.split(r"[.!?;:\n]+", question):
            # A stop word is stepped over, so that "reset my password" counts as "reset password".
            words = [word.lower() for word in _WORD.findall(_IDENTIFIER.sub(" ", sentence))]
            places = [at for at, word in enumerate(words) if base_form(word) not in skipped and len(word) > 1]
            for size in range(1, MAX_WORDS + 1):
                for first in range(len(places) - size + 1):
                    part = places[first : first + size]
                    if not all(is_near(words, before, at) for before, at in pairwise(part)):
                        continue
                    found.setdefault(tuple(stem(words[at]) for at in part), spell(words, part))
        counts.phrases.update(found.keys())
        for key, spelling in found.items():
            counts.spellings.setdefault(key, Counter())[spelling] += 1
    return counts


def is_near(words: Sequence[str], before: int, at: int) -> bool:
    """At most one word between, or two as in "proof of my insurance": what is said further apart is no phrase."""
    return at - before <= 2 or (at - before == 3 and words[before + 1] in _LINKS)


def spell(words: Sequence[str], places: Sequence[int]) -> str:
    """The words at `places`, with an "of" or "for" that stands after one of them: "proof of insurance"."""
    spelled = [words[places[0]]]
    for before, at in pairwise(places):
        if at - before > 1 and words[before + 1] in _LINKS:
            spelled.append(words[before + 1])
        spelled.append(words[at])
    return " ".join(spelled)


def base_form(word: str) -> str:
    return word.replace("’", "'").split("'")[0]


def stem(word: str) -> str:
    """Enough to count "claim" and "claims" together; the spelling that people use most is what is shown."""
    word = base_form(word)
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def rank_phrases(counts: Counts, everywhere: Counter[tuple[str, ...]], total: int, most: int) -> list[str]:
    scores: dict[tuple[str, ...], float] = {}
    for phrase, n_inside in counts.phrases.items():
        share = n_inside / counts.n_questions
        if n_inside < 2 or share < MIN_SHARE or len(set(phrase)) < len(phrase):
            continue
        rarity = log(1 + total / everywhere[phrase])
        scores[phrase] = share * rarity * LENGTH_FACTOR[len(phrase)]
    chosen: list[tuple[str, ...]] = []
    ranked = sorted(scores, key=lambda key: (-scores[key], key))
    if ranked and len(ranked[0]) == 1:
        ranked = [*find_company(ranked[0][0], counts), *ranked]
    for phrase in ranked:
        if not any(set(phrase) <= set(other) or set(other) <= set(phrase) for other in chosen):
            chosen.append(phrase)
    return [best_spelling(counts.spellings[phrase], len(phrase)) for phrase in chosen[:most]]


def best_spelling(spellings: Counter[str], n_words: int) -> str:
    """The most frequent one; "proof of insurance" counts double, for it reads better than "proof insurance"."""
    return max(spellings, key=lambda text: (spellings[text] * (1 + (len(text.split()) > n_words)), text))[:MAX_NAME]


def find_company(word: str, counts: Counts) -> list[tuple[str, ...]]:
    """What is most often said together with a word that says too little alone: "reset password" for "password"."""
    pairs = [(n, phrase) for phrase, n in counts.phrases.items() if len(phrase) == 2 and word in phrase and n > 2]
    most, phrase = max(pairs, default=(0, ()))
    return [phrase] if most >= MIN_COMPANY * counts.phrases[(word,)] else []


def find_missing_words(counts: Counts, text: str, *, most: int = 6) -> list[str]:
    """What many of the questions say and `text` does not, the most frequent first."""
    said = {stem(word.lower()) for word in _WORD.findall(text)}
    words = [(n, key) for key, n in counts.phrases.items() if len(key) == 1 and key[0] not in said]
    often = [(n, key) for n, key in words if n >= 2 and n >= MIN_SHARE * counts.n_questions]
    often.sort(key=lambda found: (-found[0], found[1]))
    return [best_spelling(counts.spellings[key], 1) for _n, key in often[:most]]


def shorten(questions: Sequence[str]) -> str:
    """The shortest question of a topic whose questions share no phrase."""
    shortest = min((" ".join(question.split()) for question in questions), key=len)
    return shortest if len(shortest) <= MAX_NAME else shortest[: MAX_NAME - 1] + "…"


def build_names(phrases: Sequence[Sequence[str]], taken: Sequence[str] = ()) -> list[str]:
    """Readable names, no two alike: a second phrase tells apart what the first does not."""
    used = {name.casefold() for name in taken}
    names: list[str] = []
    for options in phrases:
        first = capitalise(options[0])
        candidates = [first, *(f"{first}: {more}" for more in options[1:])]
        candidates += [f"{first} ({number})" for number in range(2, len(phrases) + len(taken) + 2)]
        name = next(candidate for candidate in candidates if candidate.casefold() not in used)
        used.add(name.casefold())
        names.append(name)
    return names


def capitalise(phrase: str) -> str:
    return phrase[:1].upper() + phrase[1:]
