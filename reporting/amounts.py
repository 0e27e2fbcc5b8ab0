"""Reads an amount as people of the active locale type it: "25,00" in German, "25.00" in English, "€ 1.500" with a sign.

What only one reading allows is read that way in every locale: "25.00" is no German number, and yet clear.
"""

import re
from decimal import Decimal, InvalidOperation

from babel.numbers import NumberFormatError, format_decimal, get_currency_symbol, get_group_symbol, parse_decimal

from portal.templatetags.formats import MINUS, current_locale

_PLAIN = re.compile(r"-?[\d.,’]+")
_ONE_SEPARATOR = re.compile(r"(-?\d+)[.,](\d*)")


class AmountError(ValueError):
    """Not a number, or one that can be read in no way."""


def read_amount(text: str, currency: str) -> Decimal:
    """Raises AmountError."""
    locale = current_locale()
    for sign in (currency, get_currency_symbol(currency, locale=locale), "min"):
        text = text.replace(sign, "")
    text = re.sub(r"\s", "", text).replace(MINUS, "-")
    if get_group_symbol(locale) == "’":
        text = text.replace("'", "’")
    if not _PLAIN.fullmatch(text) or not re.search(r"\d", text):
        raise AmountError(text)
    try:
        return parse_decimal(text, locale=locale, strict=True)
    except (NumberFormatError, InvalidOperation):
        return _read_with_one_separator(text)


def _read_with_one_separator(text: str) -> Decimal:
    match = _ONE_SEPARATOR.fullmatch(text)
    # Three digits after it could be thousands, unless nothing but a zero stands before it.
    if match is None or (len(match[2]) == 3 and match[1].strip("-0")):
        raise AmountError(text)
    return Decimal(f"{match[1]}.{match[2] or 0}")


def write_amount(amount: Decimal, decimals: int) -> str:
    """As it would be typed: at least `decimals`, all that there are, without thousands."""
    pattern = "0" + ("." + "0" * decimals + "#" * (4 - decimals))
    return str(format_decimal(amount, format=pattern, locale=current_locale()))
