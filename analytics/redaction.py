"""Takes card numbers, email addresses and phone numbers out of what people wrote, before anything is stored. Pure.

Every pattern is linear in the length of the text: quantifiers are bounded or their classes do not overlap.
"""

import re
from dataclasses import dataclass

CARD, EMAIL, PHONE = "[card]", "[email]", "[phone]"

# Groups of digits with single separators between them, together at least 13 digits.
_DIGIT_GROUPS = re.compile(r"(?<!\d)\d+(?:[ .\u00a0\u202f-]\d+)*(?!\d)")
_WORTH_A_LOOK = re.compile(r"[\d@]")
# No card and no phone number has fewer than seven digits, or more than three other characters between two of them.
_SEVEN_DIGITS = re.compile(r"\d(?:\D{0,3}\d){6}")
_GROUP = re.compile(r"\d+")
_EMAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_SEPARATOR = r"[ .\u00a0\u202f()/-]{0,3}"
_PHONE = re.compile(
    rf"(?<![\w+])(?:"
    rf"\+\d(?:{_SEPARATOR}\d){{6,14}}"  # +49 (0)30 1234-567
    rf"|00[1-9](?:{_SEPARATOR}\d){{7,13}}"  # 0049 30 1234567
    rf"|\(?0\d{{2,4}}\)?[ /-](?:\d{_SEPARATOR}){{4,9}}\d"  # 030 1234567, 089/12345678
    r"|(?:1[ .-])?\(?\d{3}\)?[ .-]{1,2}\d{3}[ .-]\d{4}"  # (415) 555-0134
    r"|0\d{9,10}"  # 01512345678
    r")(?!\w)"
)


@dataclass(frozen=True, slots=True)
class Redactor:
    """What one merchant wants taken out."""

    cards: bool = True
    emails: bool = True
    phones: bool = True

    def __call__(self, text: str) -> str:
        if not _WORTH_A_LOOK.search(text):
            return text
        has_number = _SEVEN_DIGITS.search(text) is not None
        # Cards first: a phone pattern could eat half of one and hide the rest from Luhn.
        if self.cards and has_number:
            text = _DIGIT_GROUPS.sub(_without_cards, text)
        if self.emails and "@" in text:
            text = _EMAIL.sub(EMAIL, text)
        if self.phones and has_number:
            text = _PHONE.sub(PHONE, text)
        return text


def passes_luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    total = 0
    for position, character in enumerate(reversed(digits)):
        digit = int(character)
        if position % 2:
            digit = digit * 2 - 9 if digit > 4 else digit * 2
        total += digit
    return total % 10 == 0


def _without_cards(match: re.Match[str]) -> str:
    """Replaces each run of whole groups that is a card number: 13–19 digits, a card issuer's first digits, Luhn."""
    text = match[0]
    if len(text) < 13:
        return text
    groups = [(found.start(), found.end()) for found in _GROUP.finditer(text)]
    pieces, kept_to, first = [], 0, 0
    while first < len(groups):
        last = _card_from(text, groups, first)
        if last is None:
            first += 1
            continue
        pieces += [text[kept_to : groups[first][0]], CARD]
        kept_to, first = groups[last][1], last + 1
    return "".join([*pieces, text[kept_to:]])


def _card_from(text: str, groups: list[tuple[int, int]], first: int) -> int | None:
    """The last group of a card number that starts with group `first`; None where there is none."""
    digits = ""
    for number in range(first, len(groups)):
        digits += text[groups[number][0] : groups[number][1]]
        if len(digits) > 19:
            return None
        if len(digits) >= 13 and _has_issuer(digits) and passes_luhn(digits):
            return number
    return None


def _has_issuer(digits: str) -> bool:
    """Payment cards start with 3 to 6, or with 2221 to 2720 (Mastercard)."""
    return "3" <= str(int(digits[0])) <= "6" or 2221 <= int(digits[:4]) <= 2720
