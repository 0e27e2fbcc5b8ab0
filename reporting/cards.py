"""The headline numbers in words, for the page and the email alike."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from analytics.comparison import Change, Kind
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

LABELS: dict[str, str | Promise] = {
    "n_conversations": gettext_lazy("Conversations"),
    "resolution_rate": gettext_lazy("Resolution rate"),
    "mean_response_time_ms": gettext_lazy("Average response time"),
    "savings": gettext_lazy("Savings"),
}


@dataclass(frozen=True, slots=True)
class Card:
    key: str
    label: str
    value: str
    change: str
    change_kind: str  # good, bad or empty
    direction: str  # up, down or empty
    note: str


def build_cards(digest: Digest, merchant: Merchant) -> tuple[Card, ...]:
    """In the active locale."""
    notes: dict[str, Callable[[], str]] = {
        "n_conversations": lambda: _conversations_note(digest),
        "resolution_rate": lambda: _rate_note(digest.headline("resolution_rate")),
        "mean_response_time_ms": lambda: _answers_note(digest.headline("mean_response_time_ms").n or 0),
        "savings": lambda: _savings_note(digest),
    }
    return tuple(_card(headline, merchant, notes[headline.key]()) for headline in digest.headlines)


def _card(headline: Headline, merchant: Merchant, note: str) -> Card:
    change = headline.change
    kind = "" if change.is_better is None else "good" if change.is_better else "bad"
    return Card(
        key=headline.key,
        label=str(LABELS[headline.key]),
        value=_value(headline, merchant),
        change=change_text(change),
        change_kind=kind,
        direction=change.direction if change.direction in ("up", "down") else "",
        note=note,
    )


def _value(headline: Headline, merchant: Merchant) -> str:
    value = headline.value
    match headline.key:
        case "resolution_rate":
            return percent(value)
        case "mean_response_time_ms":
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
    if headline.low is None:
        return of
    interval = {"level": percent(0.95, 0), "low": percent(headline.low), "high": percent(headline.high)}
    return f"{of} · {_('%(level)s interval %(low)s – %(high)s') % interval}"


def _answers_note(n: int) -> str:
    return ngettext("mean of %(n)s answer", "mean of %(n)s answers", n) % {"n": number(n)}


def _savings_note(digest: Digest) -> str:
    """Which days the amount covers, and whether it can still fall."""
    savings = digest.savings
    if not savings.counts.n_conversations:
        return _("no conversations to count")
    if savings.is_provisional:
        return _("provisional: verified on %(date)s") % {"date": local_day(savings.verified_at)}
    dates = {"first": local_day(savings.period.days()[0]), "last": local_day(savings.period.days()[-1])}
    return _("verified, %(first)s – %(last)s") % dates
