"""Numbers, money, durations and dates as the merchant reads them.

Views run inside the merchant's zone and locale (portal/tenancy.py), so no filter has to be told about either.
A missing value (None) is a dash everywhere: nothing measured is not zero.
"""

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_time, format_timedelta
from babel.numbers import (
    NumberPattern,
    format_compact_decimal,
    format_currency,
    format_decimal,
    format_percent,
    parse_pattern,
)
from django import template
from django.utils import timezone, translation
from django.utils.safestring import SafeString, mark_safe

from portal.markdown import to_html

register = template.Library()

DASH = "–"
MINUS = "−"
Number = int | float | Decimal


def current_locale() -> Locale:
    """The active language as a Babel locale; a region Babel does not know falls back to its language, then English."""
    return _locale_of(translation.get_language() or "en")


# A page writes hundreds of numbers: Babel would parse the locale's name and the pattern for each of them.
@cache
def _locale_of(language: str) -> Locale:
    for name in (language, language.partition("-")[0]):
        try:
            return Locale.parse(name, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return Locale("en")


@cache
def _fixed(pattern: str, decimals: int) -> NumberPattern:
    """The locale's own grouping (India: 12,34,567), with exactly this many decimals."""
    return parse_pattern(re.sub(r"0(\.[#0]+)?", "0" + ("." + "0" * decimals if decimals else ""), pattern, count=1))


@register.filter
def number(value: Number | None, decimals: int = 0) -> str:
    if value is None:
        return DASH
    locale = current_locale()
    return format_decimal(value, format=_fixed(locale.decimal_formats[None].pattern, decimals), locale=locale)


@register.filter
def compact(value: Number | None) -> str:
    """12 300 as "12.3K": for a badge, never where the exact number matters."""
    return DASH if value is None else format_compact_decimal(value, locale=current_locale(), fraction_digits=1)


@register.filter
def percent(rate: Number | None, decimals: int = 1) -> str:
    """A rate of 0–1 in percent."""
    if rate is None:
        return DASH
    locale = current_locale()
    pattern = _fixed(locale.percent_formats[None].pattern, decimals)
    return format_percent(rate, format=pattern, locale=locale)


@register.filter
def money(amount: Number | None, currency: str) -> str:
    """Rounded to the currency's own decimals."""
    return DASH if amount is None else format_currency(amount, currency, locale=current_locale())


@register.filter
def money_whole(amount: Number | None, currency: str) -> str:
    """Without decimals: for subjects and headlines, where cents are noise."""
    if amount is None:
        return DASH
    locale = current_locale()
    pattern = re.sub(r"\.0+", "", locale.currency_formats["standard"].pattern)
    return format_currency(round(amount), currency, format=pattern, locale=locale, currency_digits=False)


@register.filter
def money_fine(amount: Number | None, currency: str) -> str:
    """Amounts below one with four decimals: prices of a single answer."""
    if amount is None or not 0 < abs(float(amount)) < 1:
        return money(amount, currency)
    locale = current_locale()
    pattern = locale.currency_formats["standard"].pattern.replace("0.00", "0.0000")
    return format_currency(amount, currency, format=pattern, locale=locale, currency_digits=False)


def _signed(value: Number, text: str) -> str:
    if text.strip("0.,") == "":
        return text
    return f"+{text}" if value > 0 else f"{MINUS}{text}"


@register.filter
def signed_points(points: Number | None) -> str:
    """A difference of two rates (0–1) in percentage points: 0.034 → "+3.4 pts"."""
    if points is None:
        return DASH
    text = number((points if points >= 0 else -points) * 100, 1)
    return translation.gettext("%(points)s pts") % {"points": _signed(points, text)}


@register.filter
def signed_percent(change: Number | None) -> str:
    """A relative change: 0.12 → "+12.0 %"."""
    if change is None:
        return DASH
    return _signed(change, percent(change if change >= 0 else -change))


@register.filter
def duration_ms(milliseconds: Number | None) -> str:
    """At most two units: "840 ms", "2.4 s", "3 min 12 s", "5 h 20 min", "3 d 4 h"."""
    if milliseconds is None:
        return DASH
    seconds = float(milliseconds) / 1000
    if seconds < 1:
        return f"{number(round(float(milliseconds)))} ms"
    if seconds < 59.95:
        return f"{number(seconds, 1)} s"
    whole = round(seconds)
    for size, unit, smaller_size, smaller_unit in (
        (86_400, "d", 3_600, "h"),
        (3_600, "h", 60, "min"),
        (60, "min", 1, "s"),
    ):
        if whole >= size:
            units, rest = divmod(whole, size)
            smaller = rest // smaller_size
            return f"{number(units)} {unit} {smaller} {smaller_unit}" if smaller else f"{number(units)} {unit}"
    return f"{whole} s"


def _in_zone(moment: date | datetime) -> date | datetime:
    return timezone.localtime(moment) if isinstance(moment, datetime) else moment


@register.filter
def local_date(moment: date | datetime | None) -> str:
    return DASH if moment is None else format_date(_in_zone(moment), "medium", locale=current_locale())


@register.filter
def local_day(moment: date | datetime | None) -> str:
    """Without the year: for axes and lists of one period."""
    return DASH if moment is None else format_date(_in_zone(moment), "d MMM", locale=current_locale())


@register.filter
def local_time(moment: datetime | None) -> str:
    """Hours and minutes in the active zone."""
    return DASH if moment is None else format_time(timezone.localtime(moment), "short", locale=current_locale())


@register.filter
def local_datetime(moment: datetime | None) -> str:
    """To the minute, in the active zone."""
    if moment is None:
        return DASH
    locale, local = current_locale(), timezone.localtime(moment)
    day, clock = format_date(local, "medium", locale=locale), format_datetime(local, "HH:mm", locale=locale)
    return f"{day}, {clock}"


@register.filter
def ago(moment: datetime | None) -> str:
    """ "3 minutes ago"; older than four weeks it is the date."""
    if moment is None:
        return DASH
    passed = moment - timezone.now()
    if abs(passed) >= timedelta(weeks=4):
        return local_date(moment)
    if abs(passed) < timedelta(seconds=45):
        return translation.gettext("just now")
    return format_timedelta(passed, add_direction=True, threshold=1, locale=current_locale())


@register.filter
def language_name(code: str) -> str:
    """ "de" → "German", "pt-BR" → "Portuguese (Brazil)"; what Babel does not know stays a code."""
    try:
        return Locale.parse(code, sep="-").get_display_name(current_locale()) or code
    except (UnknownLocaleError, ValueError):
        return code


@register.filter
def in_sentence(label: str) -> str:
    """A label in the middle of a sentence: with a small first letter, but for German, whose nouns keep theirs."""
    return label if current_locale().language == "de" else label[:1].lower() + label[1:]


@register.filter
def excerpt(text: str, length: int) -> str:
    """At most so many characters, cut between words where there are any, with an ellipsis for what is left out."""
    flat = " ".join(text.split())
    if len(flat) <= length:
        return flat
    head = flat[:length]
    at = head.rfind(" ")
    return (head[:at] if at > length // 2 else head[:-1]).rstrip(" .,;:–-") + "…"


@register.filter
def markdown(text: str | None) -> SafeString:
    """Sanitised by nh3 in portal/markdown.py, which is why it may be marked safe."""
    return mark_safe(to_html(text or ""))  # noqa: S308
