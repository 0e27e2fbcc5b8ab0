"""Each input of the return on investment with its source, how it was read, and its low, base and high value."""

from dataclasses import dataclass
from decimal import Decimal

from django.forms import BoundField
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.costs import TYPED_NAMES, Cost, Source
from portal.templatetags.formats import local_date, money_fine, number, percent
from reporting.asked_roi import AskedRoi
from reporting.forms import MINUTES
from reporting.roi import Roi
from reporting.roi_cases import RESOLUTIONS, Cases, Range
from reporting.roi_words import INPUT_LABELS, REASONS, SOURCES, decimals_of
from reporting.savings import Savings

NOT_SAVED: tuple[str | Promise, str] = (gettext_lazy("not saved"), "warn")


@dataclass(frozen=True, slots=True)
class FieldRow:
    """`amount` is the one that the result goes by; `about` says how it was read, or whose it is; `note` what else there
    is to know."""

    field: BoundField
    amount: str
    unit: str
    badge: tuple[str | Promise, str]
    about: str
    note: str


@dataclass(frozen=True, slots=True)
class InputRow:
    """One input of the result with its values in the three cases."""

    key: str
    label: str | Promise
    low: str
    base: str
    high: str
    reason: str | Promise
    badge: tuple[str | Promise, str]
    about: str


def show_amount(name: str, value: Decimal, currency: str) -> str:
    if name == RESOLUTIONS:
        return number(value)
    if name in MINUTES:
        return _("%(n)s min") % {"n": number(value, decimals_of(value))}
    return money_fine(value, currency)


def build_field_rows(asked: AskedRoi, roi: Roi) -> tuple[FieldRow, ...]:
    return tuple(_field_row(name, asked, roi) for name in TYPED_NAMES)


def _field_row(name: str, asked: AskedRoi, roi: Roi) -> FieldRow:
    cost: Cost = getattr(asked.costs, name)
    currency = asked.merchant.currency
    badge, about = SOURCES[cost.source], _about(name, cost, asked)
    amount = show_amount(name, cost.value, currency)
    if name in asked.tried:
        badge = NOT_SAVED
        text = _("default: %(amount)s") if cost.source is Source.DEFAULT else _("read as %(amount)s")
        about = text % {"amount": amount}
    return FieldRow(
        field=asked.form[name],
        amount=amount,
        unit=_("minutes") if name in MINUTES else currency,
        badge=badge,
        about=about,
        note=_measured_note(roi, asked) if name == "ai_cost_per_conversation" else "",
    )


def _about(name: str, cost: Cost, asked: AskedRoi) -> str:
    typing = asked.saved.find_typing(name)
    if cost.source is Source.TYPED and typing:
        return _("%(who)s, %(date)s") % {"who": typing.by, "date": local_date(typing.at)}
    return show_amount(name, cost.value, asked.merchant.currency)


def _measured_note(roi: Roi, asked: AskedRoi) -> str:
    if roi.ai_cost.source is not Source.MEASURED:
        return ""
    each = money_fine(roi.ai_cost.value, asked.merchant.currency)
    return _("Used only where a conversation carries no cost of its own; on average it is %(each)s.") % {"each": each}


def build_input_rows(asked: AskedRoi, savings: Savings, cases: Cases) -> tuple[InputRow, ...]:
    return tuple(_input_row(each, asked, savings, cases) for each in cases.ranges)


def _input_row(each: Range, asked: AskedRoi, savings: Savings, cases: Cases) -> InputRow:
    low, base, high = (show_amount(each.key, case.value_of(each.key), asked.merchant.currency) for case in cases)
    if each.key == RESOLUTIONS:
        badge, about = SOURCES[Source.MEASURED], _counted_of(savings)
    else:
        cost: Cost = getattr(asked.costs, each.key)
        badge, about = SOURCES[cost.source], _about(each.key, cost, asked)
        if each.key == "ai_cost_per_conversation" and savings.roi.ai_cost.source is Source.MEASURED:
            n, of = savings.counts.n_with_cost, savings.counts.n_conversations
            badge = SOURCES[Source.MEASURED]
            about = _("in %(n)s of %(of)s conversations") % {"n": number(n), "of": number(of)}
        elif cost.source is Source.DEFAULT:
            about = ""
        elif each.key in asked.tried:
            badge, about = NOT_SAVED, ""
    return InputRow(each.key, INPUT_LABELS[each.key], low, base, high, REASONS[each.reason], badge, about)


def _counted_of(savings: Savings) -> str:
    n, of = savings.roi.n_counted, savings.counts.n_ended
    if not of:
        return ""
    return _("%(share)s of %(of)s ended") % {"share": percent(n / of), "of": number(of)}
