"""The return on investment in words: names of its parts, how each line is worked out, and the sentences above. In the
active locale; only texts and formatted numbers are made here, nothing is computed."""

from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from analytics.comparison import Change
from portal.costs import Costs, Source
from portal.periods import Period
from portal.templatetags.formats import duration_ms, local_date, money, money_fine, number, percent
from reporting.roi import DAYS_PER_MONTH, SECONDS_PER_HOUR, Line, Mode, Roi, RoiInput
from reporting.roi_cases import Reason

LINE_LABELS: dict[str, str | Promise] = {
    "work_saved": gettext_lazy("Work that people did not have"),
    "agent": gettext_lazy("Cost of the agent"),
    "handoffs": gettext_lazy("Extra handling of handoffs"),
    "recontacts": gettext_lazy("Customers who came back"),
    "reviews": gettext_lazy("Hours spent on reviews"),
    "platform_fee": gettext_lazy("Platform fee"),
}
STEP_LABELS: dict[str, str | Promise] = {
    **LINE_LABELS,
    "not_verified": gettext_lazy("Resolutions that did not hold save nothing"),
    "measured_cost": gettext_lazy("The agent's measured cost instead of the typed one"),
    "every_conversation": gettext_lazy("The agent is paid for conversations that it did not resolve, too"),
}
INPUT_LABELS: dict[str, str | Promise] = {
    "resolutions": gettext_lazy("Resolutions that count"),
    "minutes_per_conversation": gettext_lazy("Minutes per conversation"),
    "hourly_cost": gettext_lazy("Cost per hour"),
    "ai_cost_per_conversation": gettext_lazy("Agent cost per conversation"),
    "handoff_extra_minutes": gettext_lazy("Extra minutes per handoff"),
    "platform_fee_per_month": gettext_lazy("Platform fee per month"),
}
# On the axis of a chart, where a phone has little room.
SHORT_LABELS: dict[str, str | Promise] = {
    "resolutions": gettext_lazy("Resolutions"),
    "minutes_per_conversation": gettext_lazy("Minutes"),
    "hourly_cost": gettext_lazy("Cost per hour"),
    "ai_cost_per_conversation": gettext_lazy("Agent cost"),
    "handoff_extra_minutes": gettext_lazy("Handoff minutes"),
    "platform_fee_per_month": gettext_lazy("Platform fee"),
}
SOURCES: dict[Source, tuple[str | Promise, str]] = {
    Source.MEASURED: (gettext_lazy("measured"), "good"),
    Source.TYPED: (gettext_lazy("typed"), "accent"),
    Source.DEFAULT: (gettext_lazy("default"), "neutral"),
}
REASONS: dict[Reason, str | Promise] = {
    Reason.CHANCE: gettext_lazy("counted; what chance alone would change in days like these (95 % interval)"),
    Reason.UNVERIFIED: gettext_lazy("not verified yet; low counts only those that customers confirmed"),
    Reason.PARTLY: gettext_lazy("measured where it can be; the rest is a default: a fifth either way"),
    Reason.TYPED_RANGE: gettext_lazy("the range that was typed"),
    Reason.SPREAD: gettext_lazy("an estimate that nobody measured: a fifth either way"),
    Reason.TYPED: gettext_lazy("taken as it is"),
    Reason.MEASURED: gettext_lazy("measured in every conversation"),
}
CASE_LABELS: dict[str, str | Promise] = {
    "low": pgettext_lazy("case", "Low"),
    "base": pgettext_lazy("case", "Base"),
    "high": pgettext_lazy("case", "High"),
}
FORMULAS: dict[Mode, str | Promise] = {
    Mode.HONEST: gettext_lazy(
        "verified resolutions × minutes × cost per hour − cost of the agent in all conversations − handoffs × extra "
        "minutes × cost per hour − customers who came back × minutes × cost per hour − review hours × cost per hour − "
        "platform fee"
    ),
    Mode.SEED: gettext_lazy("resolved × minutes × cost per hour − resolved × cost of the agent per conversation"),
}


def calculation(line: Line, counts: RoiInput, roi: Roi, *, currency: str) -> str:
    """The line in its own numbers, from which its amount can be worked out by hand."""
    costs = counts.costs
    n, human = number(line.quantity), _human_time(costs, currency)
    wage = _("%(amount)s per hour") % {"amount": money_fine(costs.hourly_cost.value, currency)}
    match line.key:
        case "work_saved" if roi.mode is Mode.HONEST and not counts.is_provisional:
            text = ngettext("%(n)s verified resolution", "%(n)s verified resolutions", _int(line)) % {"n": n} + human
        case "work_saved":
            text = ngettext("%(n)s resolution", "%(n)s resolutions", _int(line)) % {"n": n} + human
        case "agent":
            text = _agent_calculation(line, counts, roi, currency)
        case "handoffs":
            extra = _minutes(costs.handoff_extra_minutes.value)
            text = ngettext("%(n)s handoff", "%(n)s handoffs", _int(line)) % {"n": n} + f" × {extra} × {wage}"
        case "recontacts":
            text = ngettext("%(n)s came back", "%(n)s came back", _int(line)) % {"n": n} + human
        case "reviews":
            spent = duration_ms(line.quantity * SECONDS_PER_HOUR * 1000) if line.quantity else _minutes(line.quantity)
            text = f"{spent} × {wage}"
        case "platform_fee":
            days = {"n": number(counts.n_days), "month": number(DAYS_PER_MONTH, 2)}
            fee = money(line.unit_amount, currency)
            text = _("%(n)s of %(month)s days × %(fee)s per month") % {**days, "fee": fee}
        case _:
            raise ValueError(f"{line.key!r} is no line of the formula")
    return text


def _agent_calculation(line: Line, counts: RoiInput, roi: Roi, currency: str) -> str:
    typed = money_fine(counts.costs.ai_cost_per_conversation.value, currency)
    if roi.ai_cost.source is not Source.MEASURED:
        text = ngettext("%(n)s conversation × %(each)s", "%(n)s conversations × %(each)s", _int(line))
        return text % {"n": number(line.quantity), "each": typed}
    text = ngettext(
        "%(amount)s measured in %(n)s conversation",
        "%(amount)s measured in %(n)s conversations",
        counts.n_with_cost,
    ) % {"n": number(counts.n_with_cost), "amount": money(counts.agent_cost, currency)}
    without = counts.n_conversations - counts.n_with_cost
    if not without:
        return text
    rest = ngettext("%(n)s without cost × %(each)s", "%(n)s without cost × %(each)s", without)
    return f"{text} + {rest % {'n': number(without), 'each': typed}}"


def _int(line: Line) -> int:
    return int(line.quantity)


def _minutes(value: Decimal) -> str:
    return _("%(n)s min") % {"n": number(value, decimals_of(value))}


def _human_time(costs: Costs, currency: str) -> str:
    wage = money_fine(costs.hourly_cost.value, currency)
    minutes = _minutes(costs.minutes_per_conversation.value)
    return _(" × %(minutes)s × %(wage)s per hour") % {"minutes": minutes, "wage": wage}


def decimals_of(value: Decimal) -> int:
    """As many as there are, two at most."""
    exponent = round(value, 2).normalize().as_tuple().exponent
    return max(0, -int(exponent))


def days_text(period: Period) -> str:
    days = period.days()
    if len(days) == 1:
        return _("on %(day)s") % {"day": local_date(days[0])}
    return _("from %(first)s to %(last)s") % {"first": local_date(days[0]), "last": local_date(days[-1])}


def headline(savings: Decimal, period: Period, *, currency: str) -> str:
    """One sentence. `savings` is rounded."""
    words = {"amount": money(abs(savings), currency), "days": days_text(period)}
    if savings < 0:
        return _("The agent cost %(amount)s more than it saved %(days)s.") % words
    if savings == 0:
        return _("The agent saved exactly what it cost %(days)s.") % words
    return _("The agent saved %(amount)s %(days)s.") % words


def comparison(now: Decimal, before: Decimal, change: Change, period: Period, *, currency: str) -> str:
    """This result against that of the days before; both rounded."""
    was = {"days": days_text(period), "amount": money(abs(before), currency)}
    text = (
        _("Before, %(days)s, it was a loss of %(amount)s") if before < 0 else _("Before, %(days)s, it was %(amount)s")
    )
    difference = now - before
    if not difference:
        return text % was + "."
    more = {"amount": money(abs(difference), currency)}
    text = text % was + ": " + (_("now %(amount)s more") if difference > 0 else _("now %(amount)s less")) % more
    return text + (
        _("; no clear change, it may be chance.") if change.value is not None and not change.is_clear else "."
    )


def return_sentence(roi: Roi, *, currency: str) -> str:
    if roi.roi is None:
        return ""
    words = {"one": money(1, currency), "amount": money(abs(roi.roi), currency)}
    if roi.roi < 0:
        return _("Each %(one)s spent on the agent lost %(amount)s.") % words
    return _("Each %(one)s spent on the agent brought %(amount)s after all costs.") % words


def break_even_sentence(roi: Roi, share: Decimal | None) -> str:
    rate = roi.break_even_rate
    if rate is None or share is None:
        return ""
    words = {"rate": percent(rate), "share": percent(share)}
    if rate > 1:
        return _("With these inputs it cannot pay: it would have to resolve %(rate)s of all conversations.") % words
    if share < rate:
        return _("It pays once %(rate)s of all conversations are resolved; now it is %(share)s.") % words
    return _("It pays from %(rate)s of all conversations resolved; now it is %(share)s.") % words
