"""What must not enter an article: placeholders of redacted text, and what looks like a person or an account.

Two strengths. `find_unpublishable` is certain and stops an approval. `find_personal` is cautious: it may take a
harmless sentence for a personal one, so writers leave the sentence out and reviewers only see a remark.
"""

import re

from analytics.redaction import passes_luhn

PLACEHOLDER = re.compile(r"\[(?:card|email|phone)\]")  # as analytics/redaction.py writes them
EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
DIGITS = re.compile(r"(?<!\w)\+?\d(?:[ ()./-]{0,2}\d){6,}(?!\w)")
CARD = re.compile(r"(?<!\d)(?:\d[ -]?){13,19}(?!\d)")
# Policy, order and account numbers: a word of letters and digits, or any run of five digits.
ACCOUNT = re.compile(r"\b(?=[A-Z0-9-]*\d)(?=[A-Z0-9-]*[A-Z])[A-Z0-9][A-Z0-9-]{4,}\b|(?<![\d.,])\d{5,}(?![\d.,]\d)")
DATE = re.compile(
    r"\b\d{1,2}[/.]\d{1,2}[/.]\d{2,4}\b|\b\d{4}-\d{2}-\d{2}\b"
    r"|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]*\.? \d{1,2}(?:st|nd|rd|th)?\b(?:,? \d{4})?",
    re.I,
)
INTRODUCED = re.compile(r"\b(?:name(?:'s| is)|registered (?:as|under)|call me)\s+([a-z]+(?: [A-Z][a-z.]*){0,2})", re.I)
ADDRESSED = re.compile(
    r"\b(?i:this is|i am|i'm|im|it's|hi|hello|hey|dear|thanks|thank you|sorry|mr|mrs|ms|dr)\b[,.]?\s+"
    r"(?!(?:I|Im|Can|Could|We|You|Your|Please|The|My|How|What|Where|When|Is|Do|Of|For|Yes|No|To|There|It|If|That)\b)"
    r"([A-Z][a-z]+(?: [A-Z][a-z.]*){0,2})"
)


HERE = re.compile(r"\b([A-Z][a-z]\w*(?: [A-Z]\w+)?) here\b")
# What a customer tells about life and family belongs to nobody else.
PRIVATE = re.compile(
    r"\b(?:my|his|her|our|the) (?:late |dear |old )?(?:husband|wife|partner|father|mother|dad|mom|mum|parents?|son"
    r"|daughter|child(?:ren)?|kids?|brother|sister|grand\w+|uncle|aunt|boss|friend|fianc\w+)\b"
    r"|\b(?:died|dead|death|passed away|funeral|cancer|heart attack|stroke|surgery|hospital|pregnan\w+|divorce\w*"
    r"|robbed|arrested|sick|illness)\b",
    re.IGNORECASE,
)
_CAPITALISED = re.compile(r"(?<=[\w,;:] )(?!I\b|I')[A-Z][\w’'-]*")


def is_card(text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    return 13 <= len(digits) <= 19 and passes_luhn(digits)


def find_unpublishable(text: str) -> list[str]:
    """Placeholders of redacted text and payment cards, as they stand in the text."""
    found = [match.group() for match in PLACEHOLDER.finditer(text)]
    return found + [match.group().strip() for match in CARD.finditer(text) if is_card(match.group())]


def find_personal(text: str) -> list[str]:
    """Also addresses, names after an introduction or a salutation, long numbers and dates. Cautious on purpose."""
    patterns = (EMAIL, DIGITS, ACCOUNT, DATE)
    found = [match.group().strip() for pattern in patterns for match in pattern.finditer(text)]
    return find_unpublishable(text) + found + find_names(text)


def find_names(text: str) -> list[str]:
    """Names that follow an introduction ("my name is …") or a salutation ("Hi …")."""
    return [match.group(1) for pattern in (INTRODUCED, ADDRESSED, HERE) for match in pattern.finditer(text)]


def tells_about_a_person(text: str) -> bool:
    """For customers' own words, which are full of themselves: also family, health, and any name within a sentence."""
    return bool(find_personal(text) or PRIVATE.search(text) or _CAPITALISED.search(text))
