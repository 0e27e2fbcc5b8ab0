"""The headline numbers in words, for the page and the email alike."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from analytics.comparison import Change, Kind
from analytics.metrics import METRICS
from portal.models import Merchant
from portal.templatetags.formats import (
    duration_ms,
    local_day,
    money_whole,
    number,
    percent,
    signed_percent,
    signed_points,
)
from reporting.digest import Digest, Headline

SAVINGS_LABEL = gettext_lazy("Savings")
SAVINGS_DEFINITION = gettext_lazy(
    "What people would have cost for the verified resolutions, minus what the agent and the rest of the work cost."
)


@dataclass(frozen=True, slots=True)
class Card:
    """`note` says what the number is made of, `more` what stands beside it."""

    key: str
    label: str
    value: str
    change: str
    change_kind: str  # good, bad or empty
    direction: str  # up, down or empty
    note: str
    more: str = ""
    definition: str = ""
    formula: str = ""
    version: int = 1


def build_cards(digest: Digest, merchant: Merchant) -> tuple[Card, ...]:
    """In the active locale."""
    notes: dict[str, Callable[[], str]] = {
        "n_conversations": lambda: _conversations_note(digest),
        "resolution_rate": lambda: _rate_note(digest.headline("resolution_rate")),
        "median_response_time_ms": lambda: _answers_note(digest.headline("median_response_time_ms").n or 0),
        "savings": lambda: _savings_note(digest),
        "quality_score": lambda: _quality_note(digest),
        "csat": lambda: _csat_note(digest.headline("csat")),
    }
    more: dict[str, Callable[[], str]] = {
        "resolution_rate": lambda: _verified_note(digest),
        "median_response_time_ms": lambda: _tail_note(digest),
    }
    return tuple(
        _card(headline, merchant, notes[headline.key](), more.get(headline.key, str)()) for headline in digest.headlines
    )


def _card(headline: Headline, merchant: Merchant, note: str, more: str) -> Card:
    change = headline.change
    metric = METRICS.get(headline.key)
    return Card(
        key=headline.key,
        label=str(metric.name if metric else SAVINGS_LABEL),
        value=_value(headline, merchant),
        change=change_text(change),
        change_kind="" if change.is_better is None else "good" if change.is_better else "bad",
        direction=change.direction if change.direction in ("up", "down") else "",
        note=note,
        more=more,
        definition=str(metric.definition if metric else SAVINGS_DEFINITION),
        formula=metric.formula if metric else "",
        version=metric.version if metric else 1,
    )


def _value(headline: Headline, merchant: Merchant) -> str:
    value = headline.value
    match headline.key:
        case "resolution_rate" | "csat":
            return percent(value)
        case "quality_score":
            return percent(value, 0)
        case "median_response_time_ms":
            return duration_ms(value)
        case "savings":
            return money_whole(value, merchant.currency)
    return number(value)


def change_text(change: Change) -> str:
    """What stands beside the number; empty where there is nothing to compare with."""
    if change.kind is Kind.NONE:
        return ""
    if change.kind is Kind.NEW:
        return _("new")
    if not change.is_clear:
        return _("no clear change")
    return signed_points(change.value) if change.kind is Kind.POINTS else signed_percent(change.value)


def change_sentence(change: Change) -> str:
    """Goes on after a number: ", 3.2 points more than the week before"; nothing where there is nothing to compare."""
    if change.kind is not Kind.POINTS or change.value is None:
        return ""
    if not change.is_clear:
        return _(", no clear change from the week before")
    points = number(abs(change.value) * 100, 1)
    if change.value > 0:
        return _(", %(points)s points more than the week before") % {"points": points}
    return _(", %(points)s points less than the week before") % {"points": points}


def _conversations_note(digest: Digest) -> str:
    n = digest.n_excluded
    if not n:
        return ngettext("%(n)s has ended", "%(n)s have ended", digest.n_ended) % {"n": number(digest.n_ended)}
    text = ngettext("%(n)s more left out: test, spam or no request", "%(n)s more left out: tests, spam, no request", n)
    return text % {"n": number(n)}


def _rate_note(headline: Headline) -> str:
    if headline.value is None:
        return _("none has ended yet")
    of = ngettext("of %(n)s ended", "of %(n)s ended", headline.n or 0) % {"n": number(headline.n)}
    return of + _interval(headline)


def _interval(headline: Headline) -> str:
    if headline.low is None:
        return ""
    interval = {"level": percent(0.95, 0), "low": percent(headline.low), "high": percent(headline.high)}
    return " · " + _("%(level)s interval %(low)s – %(high)s") % interval


def _verified_note(digest: Digest) -> str:
    if digest.verified.value is None:
        return _("none is old enough to be verified")
    return _("%(rate)s verified: nobody came back or objected") % {"rate": percent(digest.verified.value)}


def _answers_note(n: int) -> str:
    return ngettext("%(n)s answer", "%(n)s answers", n) % {"n": number(n)}


def _tail_note(digest: Digest) -> str:
    if digest.p95_response_time_ms is None:
        return ""
    return _("%(share)s within %(time)s") % {
        "share": percent(0.95, 0),
        "time": duration_ms(digest.p95_response_time_ms),
    }


def _csat_note(headline: Headline) -> str:
    if headline.value is None:
        return _("nobody has rated yet")
    return ngettext("of %(n)s rating", "of %(n)s ratings", headline.n or 0) % {"n": number(headline.n)} + _interval(
        headline
    )


def _quality_note(digest: Digest) -> str:
    quality = digest.quality
    if quality is None:
        return _("nothing has been scored yet")
    counts = {"scored": number(quality.n_scored), "eligible": number(quality.n_eligible)}
    text = _("%(scored)s of %(eligible)s scored") % counts
    standing = _("provisional") if quality.is_provisional else _("corrected by people’s labels")
    return f"{text} · {standing}"


def _savings_note(digest: Digest) -> str:
    """Which days the amount covers, and whether it can still fall."""
    savings = digest.savings
    if not savings.counts.n_conversations:
        return _("no conversations to count")
    if savings.is_provisional:
        return _("provisional: verified on %(date)s") % {"date": local_day(savings.verified_at)}
    dates = {"first": local_day(savings.period.days()[0]), "last": local_day(savings.period.days()[-1])}
    return _("verified, %(first)s – %(last)s") % dates
