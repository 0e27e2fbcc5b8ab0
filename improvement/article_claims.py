"""Whether two sentences say different things about the same: other numbers, dates or amounts, or a "not". Pure.

Precision comes first: a false alarm costs a person's trust, a contradiction that is missed costs what it cost before.
So the sentences must be the same statement in all that is compared, and nothing may say that they are about different
cases: a word of their headings, a condition, a limit such as "at least".
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from snowballstemmer import stemmer

from improvement.article_claim_words import (
    AMBIGUOUS,
    CONDITIONS,
    CURRENCIES,
    GENERIC,
    MONTHS,
    NEGATIONS,
    NUMBERS,
    UNITS,
    WORKING,
)
from portal.languages import NAMES, content_stems

MIN_SHARED = 2
MIN_LETTERS = 4
MIN_OVERLAP = 0.75
# With so many words in common the sentence itself says what it is about, and its headings count for less.
SPECIFIC = 3
VERY_SPECIFIC = 5
NEGATION_OVERLAP = 0.85

_TOKEN = re.compile(r"[€$£%]|\d+(?:[.,:]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)?")
_NAME = re.compile(r"(?<=[\w,;] )(?:[A-Z][\w-]*|\w*\d[\w-]*[A-Za-z]\w*)")
_EXAMPLE = re.compile(r"\?\s*$|\b(?:e\.g\.|for example|for instance|such as|z\.\s?B\.|zum Beispiel)", re.I)


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence where it stands: `context` is the title and the headings above it."""

    sentence: str
    context: str
    language: str


@dataclass(frozen=True, slots=True)
class Quantity:
    measure: str
    value: float
    shown: str


def find_difference(first: Statement, second: Statement) -> str:
    """What the two say differently, such as "30 days ≠ 14 days"; empty where that is not certain."""
    if not could_differ(first, second):
        return ""
    stems = [word_stems(one.sentence, one.language) for one in (first, second)]
    shared, union = stems[0] & stems[1], stems[0] | stems[1]
    if len(shared) < MIN_SHARED or len(shared) / len(union) < MIN_OVERLAP or not are_comparable(first, second):
        return ""
    quantities = [read_quantities(one.sentence) for one in (first, second)]
    negated = [is_negated(one.sentence) for one in (first, second)]
    if negated[0] != negated[1]:
        is_same = len(shared) / len(union) >= NEGATION_OVERLAP and len(shared) >= SPECIFIC
        return "not ≠ —" if is_same and values(quantities[0]) == values(quantities[1]) else ""
    return compare_quantities(*quantities)


def could_differ(first: Statement, second: Statement) -> bool:
    """Both state something, in one language, under the same conditions and about the same names."""
    sentences = (first.sentence, second.sentence)
    if first.language != second.language or first.language not in NAMES:
        return False
    if any(_EXAMPLE.search(sentence) or "|" in sentence for sentence in sentences):
        return False
    return conditions(sentences[0]) == conditions(sentences[1]) and names(sentences[0]) == names(sentences[1])


def compare_quantities(first: Sequence[Quantity], second: Sequence[Quantity]) -> str:
    """As many of the same measures, and other values."""
    if [one.measure for one in first] != [one.measure for one in second] or values(first) == values(second):
        return ""
    return "; ".join(f"{a.shown} ≠ {b.shown}" for a, b in zip(first, second, strict=True) if a.value != b.value)


def values(quantities: Sequence[Quantity]) -> list[tuple[str, float]]:
    return [(one.measure, one.value) for one in quantities]


def are_comparable(first: Statement, second: Statement) -> bool:
    """A word of the one's headings that the other never says may be the very case that they differ by."""
    shared = stems_of(first.sentence, first.language) & stems_of(second.sentence, second.language)
    spoken = [stems_of(f"{one.context} {one.sentence}", one.language) for one in (first, second)]
    contexts = [stems_of(one.context, one.language) for one in (first, second)]
    generic = set(content_stems(" ".join(GENERIC), first.language))
    apart = [contexts[0] - spoken[1] - generic, contexts[1] - spoken[0] - generic]
    if not apart[0] and not apart[1]:
        return True
    return len(shared) >= VERY_SPECIFIC and not (apart[0] and apart[1])


def stems_of(text: str, language: str) -> set[str]:
    """Of the words that carry the meaning."""
    return set(content_stems(" ".join(compared_words(text)), language))


def word_stems(text: str, language: str) -> set[str]:
    """Of all but the shortest words: "opens" and "order" are function words in some lists, and matter here."""
    stem = stemmer(NAMES[language]).stemWord
    return {stem(word) for word in compared_words(text) if len(word) >= MIN_LETTERS}


def compared_words(text: str) -> list[str]:
    """Without negations, numbers, units and months, which are what is compared."""
    skipped = NEGATIONS | NUMBERS.keys() | MONTHS.keys() | CURRENCIES.keys() | UNITS.keys()
    return [word for word in re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)?", text.lower()) if word not in skipped]


def conditions(sentence: str) -> set[str]:
    words = set(re.findall(r"[^\W\d_]+", sentence.lower()))
    return (words & CONDITIONS) | (words & WORKING)


def names(sentence: str) -> set[str]:
    """Capitalised words inside of the sentence and codes with digits, but for months and units."""
    measures = MONTHS.keys() | CURRENCIES.keys() | UNITS.keys() | WORKING
    return {name for name in _NAME.findall(sentence) if name.lower() not in measures}


def is_negated(sentence: str) -> bool:
    words = [word.replace("’", "'") for word in re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)?", sentence.lower())]
    return len([word for word in words if word in NEGATIONS or word.endswith("n't")]) % 2 == 1


def read_quantities(sentence: str) -> list[Quantity]:
    """Numbers with what they measure, in order."""
    tokens = [token.replace("’", "'") for token in _TOKEN.findall(sentence)]
    found = []
    for index, token in enumerate(tokens):
        number = read_number(token)
        if number is None:
            continue
        before = tokens[index - 1].lower() if index else ""
        after = [later.lower() for later in tokens[index + 1 : index + 3]]
        if quantity := measure(token, number, before, after):
            found.append(quantity)
    return found


def measure(token: str, number: float, before: str, after: list[str]) -> Quantity | None:
    following = after[0] if after else ""
    unit = after[1] if following in WORKING and len(after) > 1 else following
    if before in CURRENCIES or following in CURRENCIES:
        currency = CURRENCIES.get(before) or CURRENCIES[following]
        return Quantity(currency, number, f"{token} {currency}")
    if following in MONTHS or before in MONTHS:
        month = following if following in MONTHS else before
        return Quantity("date", MONTHS[month] * 100 + number, f"{token} {month.capitalize()}")
    if ":" in token or following in ("am", "pm", "uhr"):
        shift = 12 if following == "pm" and number < 12 else 0
        return Quantity("time", number + shift, f"{token} {following}".strip())
    if unit in UNITS:
        name, factor = UNITS[unit]
        return Quantity(name, round(number * factor, 4), f"{token} {' '.join(after[: after.index(unit) + 1])}")
    if token.lower() in AMBIGUOUS or not following:
        return None
    return Quantity(f"n {following.rstrip('s')}", number, f"{token} {following}")


def read_number(token: str) -> float | None:
    word = token.lower()
    if word in NUMBERS:
        return float(NUMBERS[word])
    if not token[0].isdigit():
        return None
    if ":" in token:
        hours, _colon, minutes = token.partition(":")
        return float(hours) + float(re.sub(r"\D.*", "", minutes) or 0) / 60
    # A point or comma before exactly three digits parts thousands; before fewer it parts decimals.
    plain = re.sub(r"[.,](?=\d{3}(?:\D|$))", "", token).replace(",", ".")
    try:
        return float(plain)
    except ValueError:
        return None
