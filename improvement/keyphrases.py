"""Names topics by the phrases that are frequent inside and rare outside (class-based TF-IDF, after BERTopic). Pure."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from math import log

from improvement.phrase_words import LINKS, Clause, Words, learn_words, read_clauses, stem

MAX_WORDS, MAX_SPAN = 4, 5  # that mean something, and with articles and prepositions
N_PHRASES = 5
# Of the topic's questions; what fewer say names nothing. One word alone must be what it is all about.
MIN_SHARE, MIN_SHARE_ALONE, LEAST_TIMES = 0.12, 0.5, 2
MIN_LIFT, MIN_LIFT_ALONE = 4, 10  # so many times as frequent inside as elsewhere
MOST_EXTENDED, MIN_COMPANY = 0.5, 0.15
# Two words say what is done to what: "Reset password". More must earn their place.
LENGTH_FACTOR = {1: 1.0, 2: 2.4, 3: 2.6, 4: 2.7}
MAX_NAME = 60

Phrase = tuple[str, ...]


@dataclass(slots=True)
class Counts:
    """In how many questions of one topic each phrase stands, and how it is most often written."""

    n_questions: int = 0
    phrases: Counter[Phrase] = field(default_factory=Counter)
    spellings: dict[Phrase, Counter[str]] = field(default_factory=dict)
    extensions: dict[Phrase, Counter[Phrase]] = field(default_factory=dict)  # one word more


def name_topics(
    topics: Sequence[Sequence[str]], others: Sequence[str] = (), *, articles: Sequence[str] = (), most: int = N_PHRASES
) -> list[list[str]]:
    """For every topic its phrases, best first; empty where none is good enough. `others` are questions of no topic, for
    contrast; `articles` only tell how words are used."""
    words = learn_words([*(text for questions in topics for text in questions), *others, *articles])
    counted = [count_phrases(questions) for questions in topics]
    everywhere: Counter[Phrase] = Counter(count_phrases(others).phrases)
    for counts in counted:
        everywhere.update(counts.phrases)
    total = len(others) + sum(counts.n_questions for counts in counted)
    return [rank_phrases(counts, everywhere, total, words)[:most] for counts in counted]


def count_phrases(questions: Sequence[str]) -> Counts:
    counts = Counts(len(questions))
    for question in questions:
        found: dict[Phrase, str] = {}
        for clause in read_clauses(question):
            places = [at for at, means in enumerate(clause.is_meaningful) if means]
            for size in range(1, MAX_WORDS + 1):
                for first in range(len(places) - size + 1):
                    part = places[first : first + size]
                    span = clause.words[part[0] : part[-1] + 1]
                    if len(span) <= MAX_SPAN and is_linked(span, part):
                        key = tuple(stem(clause.words[at].lower()) for at in part)
                        found.setdefault(key, write_span(clause, part[0], part[-1] + 1))
        counts.phrases.update(found.keys())
        for key, spelling in found.items():
            counts.spellings.setdefault(key, Counter())[spelling] += 1
            for shorter in (key[1:], key[:-1]) if len(key) > 1 else ():
                counts.extensions.setdefault(shorter, Counter())[key] += 1
    return counts


def is_linked(span: Sequence[str], places: Sequence[int]) -> bool:
    """Between the words of a phrase stand only articles and prepositions: "proof of my insurance"."""
    kept = {at - places[0] for at in places}
    return all(at in kept or word.lower() in LINKS for at, word in enumerate(span))


def write_span(clause: Clause, first: int, end: int) -> str:
    """As the customer wrote it, but for the capital of a clause's first word."""
    words = clause.words[first:end]
    return " ".join([words[0].lower() if first == 0 else words[0], *words[1:]])


def rank_phrases(counts: Counts, everywhere: Counter[Phrase], total: int, words: Words) -> list[str]:
    scores: dict[Phrase, float] = {}
    for phrase, n_inside in counts.phrases.items():
        share = n_inside / counts.n_questions
        is_alone = len(phrase) == 1
        if n_inside < LEAST_TIMES or share < (MIN_SHARE_ALONE if is_alone else MIN_SHARE):
            continue
        n_outside, n_others = everywhere[phrase] - n_inside, total - counts.n_questions
        is_rare = n_outside * (MIN_LIFT_ALONE if is_alone else MIN_LIFT) <= share * n_others
        if not is_rare or not reads_well(best_spelling(counts.spellings[phrase]), phrase, words):
            continue
        scores[phrase] = share * log(1 + share * (n_others + 1) / (n_outside + 0.5)) * LENGTH_FACTOR[len(phrase)]
    whole = [phrase for phrase in scores if not is_part(phrase, counts, scores)]
    chosen: list[Phrase] = []
    for phrase in sorted(whole, key=lambda key: (-scores[key], key)):
        if not any(set(phrase) <= set(other) or set(other) <= set(phrase) for other in chosen):
            chosen.append(phrase)
    return [words.spell(best_spelling(counts.spellings[phrase])) for phrase in chosen]


def reads_well(spelling: str, phrase: Phrase, words: Words) -> bool:
    if len(set(phrase)) < len(phrase) or len(spelling) > MAX_NAME:
        return False
    spelled = spelling.lower().split()
    return words.begins_phrase(spelled[0]) and words.is_noun(spelled[-1])


def is_part(phrase: Phrase, counts: Counts, scores: Collection[Phrase]) -> bool:
    """Most who say it say more: "lease a gravel" is a part of "lease a gravel bike". A word alone is one sooner."""
    least = (MIN_COMPANY if len(phrase) == 1 else MOST_EXTENDED) * counts.phrases[phrase]
    longer = counts.extensions.get(phrase, Counter())
    return any(n > least and more in scores for more, n in longer.items())


def best_spelling(spellings: Counter[str]) -> str:
    """The most frequent one; how most write it in small letters and capitals is a second matter."""
    folded: Counter[str] = Counter()
    for text, n in spellings.items():
        folded[text.lower()] += n
    best = max(folded, key=lambda text: (folded[text], text))
    return max((text for text in spellings if text.lower() == best), key=lambda text: (spellings[text], text))


def find_missing_words(counts: Counts, text: str, *, most: int = 6) -> list[str]:
    """What many of the questions say and `text` does not, the most frequent first."""
    said = {stem(word.lower()) for clause in read_clauses(text) for word in clause.words}
    words = [(n, key) for key, n in counts.phrases.items() if len(key) == 1 and key[0] not in said]
    often = [(n, key) for n, key in words if n >= 2 and n >= MIN_SHARE * counts.n_questions]
    often.sort(key=lambda found: (-found[0], found[1]))
    return [best_spelling(counts.spellings[key]) for _n, key in often[:most]]


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
