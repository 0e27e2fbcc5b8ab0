"""Takes a message apart into what it asks for. Greetings, thanks and noise ask for nothing. Pure; English and German.

The rules are careful: two sentences are two requests only where each asks, says something of its own, and neither
points back at the other. What is taken for one request stays exactly as the customer wrote it.
"""

import re
from itertools import groupby

from analytics.courtesy import WORDS, is_courtesy
from improvement.sentences import split_sentences
from improvement.stop_words import STOP_WORDS
from portal.languages import ENGLISH, content_stems, function_words, guess_language, split_words

MAX_SMALL_TALK = 6  # words; who writes more says more
MAX_LENGTH = 120  # characters
MAX_REQUESTS = 5
# Said around a request or after an answer, besides the words of courtesy.
_FILLERS = frozenset(
    """
    yes yeah yep no nope not sure right please pls plz sir madam mam maam bro dear friend mate hm hmm hy helo hlo hlw
    anyone anybody someone there here is need help me can could you i ask question have a just one quick something want
    to talk with chat start test testing up nothing nevermind never mind
    ja nein doch bitte zusammen jemand da ist du sie hilfe ich brauche habe eine kurze frage mir helfen können kann
    """.split()  # noqa: SIM905 - a hundred words read better as text
)
_PLEASANTRIES = re.compile(
    r"\bhow(?:['’]s|\s+is)?\s+(?:are\s+you|it\s+going|everything)(?:\s+doing)?(?:\s+today)?\b|\bwhat['’]?s\s+up\b|"
    r"\btake\s+care\b|\bsee\s+you\b|\bwie\s+geht(?:\s+es|['’]?s)?(?:\s+(?:dir|ihnen|euch))?\b",
    re.IGNORECASE,
)
# Help as such, or a person: that is a request, which an article may well answer.
_ASKS_FOR_PERSON = re.compile(r"\b(talk|chat|speak|agent|human|person)\b", re.IGNORECASE)
_SMALL = frozenset(WORDS - {"take", "have"} | _FILLERS)
_IDENTIFIER = re.compile(r"\S*\d\S*|\S+@\S+|https?://\S+")
_LEAD = r"(?:(?:and|also|then|plus|so|but|und|auch|dann|außerdem|zudem|hi|hello|hallo|please|bitte)[\s,]+)*"
_CUE = re.compile(
    rf"^{_LEAD}(?:"
    r"how|what|where|when|why|which|who|whose|can|could|would|will|do|does|did|is|are|am|was|were|has|have|may|should|"
    r"i\s+(?:also\s+)?(?:want|need|wish|require|have\s+to)|i(?:'d|’d|\s+would)\s+(?:also\s+)?like|i(?:'m|’m|\s+am)\s+"
    r"(?:trying|looking|unable)|i\s+(?:can't|cannot|can’t)|"
    r"tell|show|send|give|change|cancel|update|explain|help|let|refund|check|track|remove|add|"
    r"wie|was|wo|wann|warum|wieso|welche\w*|wer|kann|kannst|könn\w+|könnt\w*|würde\w*|ist|sind|habt|haben|gibt|"
    r"darf|muss|ich\s+(?:möchte|will|brauche|hätte|würde|kann\s+nicht|muss)|"
    r"schick\w*|sag\w*|änder\w*|storniere?n?|lösch\w*|zeig\w*)\b",
    re.IGNORECASE,
)
# Where a second request starts within a sentence.
_TURN = re.compile(
    r"[,;]?\s+(?:and|also|plus|und|sowie|außerdem)\s+(?=(?:also\s+|auch\s+)?(?:"
    r"how|what|where|when|why|can\s+(?:you|i|we)|could\s+(?:you|i)|do\s+(?:you|i)|is\s+(?:it|there)|are\s+(?:there|you)|"
    r"i\s+(?:also\s+)?(?:want|need)|i(?:'d|’d|\s+would)\s+(?:also\s+)?like|"
    r"wie|was|wo|wann|warum|kann\s+(?:ich|man)|könn\w+\s+(?:sie|ich|wir)|könnt\s+ihr|ich\s+(?:möchte|brauche|will))\b)",
    re.IGNORECASE,
)
# A request that points at what was said before is part of it.
_POINTS_BACK = re.compile(
    r"\b(?:it|its|them|they|these|those|one|ones|this|that|same|instead|otherwise|"
    r"es|ihn|davon|dafür|damit|dazu|daran|dabei|stattdessen|sonst|diese[rsnm]?)\b",
    re.IGNORECASE,
)


def is_request(text: str) -> bool:
    """False for small talk ("Hiii", "ok thanks", "anyone there?") and for noise: numbers, signs, a single letter."""
    if len(text) > MAX_LENGTH:
        return True
    if is_courtesy(text):
        return False
    words = split_words(_PLEASANTRIES.sub(" ok ", _IDENTIFIER.sub(" ", text)))
    if not any(len(set(word)) > 1 for word in words):
        return not all(character.isascii() for character in text if character.isalpha())
    if len(words) > MAX_SMALL_TALK or _ASKS_FOR_PERSON.search(text):
        return True
    return not all(is_small(word) for word in words)


def is_small(word: str) -> bool:
    return word in _SMALL or shorten_runs(word) in _SHORT


def shorten_runs(word: str) -> str:
    """ "hellooo" and "helo" are the same."""
    return "".join(letter for letter, _run in groupby(word))


_SHORT = frozenset(shorten_runs(word) for word in _SMALL)


def split_requests(text: str) -> list[str]:
    """What the message asks for, each request with the statements before it; one request is the whole text as it is.

    Empty where it asks for nothing.
    """
    if not is_request(text):
        return []
    parts: list[str] = []
    waiting: list[str] = []
    for sentence in (piece for whole in split_sentences(text) for piece in _TURN.split(whole)):
        waiting.append(sentence)
        if asks_something(sentence):
            parts.append(" ".join(waiting))
            waiting = []
    joined = join_related(parts)
    if not 1 < len(joined) <= MAX_REQUESTS:
        return [text]
    return [*joined[:-1], " ".join([joined[-1], *waiting])]


def asks_something(sentence: str) -> bool:
    if not (sentence.rstrip().endswith("?") or _CUE.match(sentence.strip())):
        return False
    return is_request(sentence) and bool(content_words(sentence))


def join_related(parts: list[str]) -> list[str]:
    """A part that points back, or speaks of what the one before speaks of, belongs to it."""
    joined: list[str] = []
    for part in parts:
        if joined and (_POINTS_BACK.search(part) or content_words(joined[-1]) & content_words(part)):
            joined[-1] = f"{joined[-1]} {part}"
        else:
            joined.append(part)
    return joined


def content_words(text: str) -> set[str]:
    """Stems without what people wrap around a request."""
    language = guess_language(text)
    skipped = STOP_WORDS if language == ENGLISH else function_words(language)
    kept = " ".join(
        word for word in split_words(_IDENTIFIER.sub(" ", text)) if word not in skipped and not is_small(word)
    )
    return set(content_stems(kept, language))
