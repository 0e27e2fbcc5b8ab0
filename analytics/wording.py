"""What can be told from words alone: refusals, thanks and anger, courtesy, the content words of a text. Pure.

English and German. Another language yields fewer signals, never wrong ones: what is not listed counts as neutral.
"""

import re

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
STEM_LENGTH = 5

STOP_WORDS = frozenset(
    """
    a an the is are was were be been being am of to in on for and or not no do does did doing done can could should
    would will may might must i you he she it we they my mine your yours his her its our their me us them this that
    these those what when where who whom whose which why how with at by from as if than then so there here about into
    over after before up down out off have has had having get gets got go goes going just also too very any some
    i'm i've i'd i'll you're it's that's don't doesn't didn't can't won't isn't aren't wasn't please hi hello hey
    der die das den dem des ein eine einen einem einer und oder nicht kein keine ist sind war waren bin habe hat haben
    ich du er sie es wir ihr mein meine mir mich dir dich uns ihnen was wann wo wer wie warum welche mit von zu im in
    auf für an bei aus nach über kann können soll möchte will wird werden bitte hallo
    """.split()  # noqa: SIM905 - reads better as text
)

REFUSAL = re.compile(
    r"""
    \b(?:i|we)\s+(?:do\s+not|don['’]t|can\s?not|can['’]t|could\s+not|couldn['’]t|am\s+not\s+able\s+to|am\s+unable\s+to|
        are\s+unable\s+to|['’]m\s+not\s+able\s+to|['’]m\s+unable\s+to)\s+
        (?:currently\s+|yet\s+)?(?:have\s+(?:any\s+|that\s+|the\s+|enough\s+)?information|find|help|assist|answer|
        know|access|do\s+that|provide)
    | \b(?:i['’]m|i\s+am)\s+(?:unable|not\s+able|not\s+sure|sorry,?\s+(?:but\s+)?i\s+(?:can['’]t|cannot|don['’]t))
    | \bno\s+information\s+(?:on|about|regarding)\b
    | \bbeyond\s+(?:my|what\s+i)\b
    | \b(?:ich|wir)\s+(?:habe|haben|kann|können|weiß|finde)\s+(?:\S+\s+){0,4}?
        (?:keine|nicht)\b(?:\s+\S+){0,3}?\s*(?:information|informationen|helfen|beantworten|finden|weiter)?
    """,
    re.IGNORECASE | re.VERBOSE,
)

_PLEASED = frozenset(
    """
    thanks thank thx great perfect works worked working awesome excellent helpful solved fixed good nice love amazing
    brilliant appreciate appreciated wonderful happy cheers danke super prima klasse perfekt geklappt hilfreich toll
    """.split()  # noqa: SIM905
)
_DISPLEASED = frozenset(
    """
    wrong useless bad terrible awful ridiculous frustrated frustrating annoying annoyed unhelpful incorrect stupid waste
    unacceptable disappointed disappointing angry complaint worst broken nonsense poor falsch schlecht nutzlos ärgerlich
    unverschämt enttäuscht enttäuschend blöd beschwerde katastrophe
    """.split()  # noqa: SIM905
)
_DISPLEASED_PHRASE = re.compile(
    r"""
    \b(?:not|isn['’]t|doesn['’]t|didn['’]t|don['’]t|never|still\s+(?:not|no|doesn['’]t|isn['’]t))\s+(?:\S+\s+){0,2}?
        (?:help|helps|helpful|work|works|working|answer|understand|what\s+i|right|correct|good|solved|fixed)
    | \b(?:speak|talk|connect|chat)\s+(?:\S+\s+){0,2}?(?:to|with)\s+(?:an?\s+|some)?
        (?:human|person|agent|someone|one|representative|manager)
    | \b(?:already|just)\s+(?:told|said|asked|tried)\b
    | \b(?:hilft|geht|funktioniert|stimmt)\s+(?:\S+\s+){0,2}?nicht\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_COURTESY = re.compile(
    r"\b(?:please|thank(?:s| you)|sorry|apolog\w+|happy to|glad to|welcome|of course|certainly|appreciate|"
    r"bitte|danke|gerne?|leider|entschuldig\w+|tut mir leid)\b",
    re.IGNORECASE,
)
_RUDE = re.compile(
    r"\b(?:stupid|idiot\w*|dumb|shut up|your (?:own )?(?:fault|problem)|obviously|as i (?:already )?said|nonsense|"
    r"calm down|whatever|dumm|selbst schuld|unsinn)\b",
    re.IGNORECASE,
)


def words(text: str) -> list[str]:
    return WORD.findall(text.casefold())


def content_stems(text: str) -> frozenset[str]:
    """The content words cut to five letters, which is stemming enough for most European languages."""
    return frozenset(word[:STEM_LENGTH] for word in words(text) if word not in STOP_WORDS)


def numbers(text: str) -> frozenset[str]:
    return frozenset(NUMBER.findall(text))


def is_refusal(text: str) -> bool:
    """True where an answer says that it has no answer within its first sentences."""
    return REFUSAL.search(text[:300]) is not None


def sentiment(text: str) -> float:
    """-1 (displeased) to 1 (pleased); 0 where nothing tells. A negated "not helpful" is displeasure."""
    phrases = len(_DISPLEASED_PHRASE.findall(text))
    spoken = words(text)
    bad = phrases * 2 + sum(word in _DISPLEASED for word in spoken)
    good = sum(word in _PLEASED for word in spoken) - phrases
    return max(-1.0, min(1.0, (max(good, 0) - bad) / 2))


def courtesy(text: str) -> float:
    return 1.0 if _COURTESY.search(text) else 0.0


def rudeness(text: str) -> float:
    """0–1: rude phrases, shouting in capitals, rows of exclamation marks."""
    long_words = [word for word in WORD.findall(text) if len(word) > 3]
    shouted = sum(word.isupper() for word in long_words) / len(long_words) if len(long_words) > 3 else 0.0
    return min(1.0, len(_RUDE.findall(text)) + shouted + (0.5 if "!!" in text else 0.0))
