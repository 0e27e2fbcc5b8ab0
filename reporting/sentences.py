"""Parts of a digest in words and links, for the page and the email alike. In the active locale."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from analytics.quality import QualitySummary
from improvement.models import Verdict
from portal.models import Merchant
from portal.templatetags.formats import in_sentence, local_date, local_datetime, number, percent, signed_points
from reporting.digest import Digest, EffectLine, OutcomeShare

OUTCOMES: dict[str, str | Promise] = {
    "confirmed": gettext_lazy("Resolved, confirmed"),
    "assumed": gettext_lazy("Resolved, assumed"),
    "escalated": gettext_lazy("Escalated to a person"),
    "abandoned": gettext_lazy("Abandoned"),
    "open": gettext_lazy("Still open"),
    "not_involved": gettext_lazy("Agent not involved"),
}
VERDICTS = {Verdict.HELPED: "good", Verdict.HARMED: "bad"}


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    key: str
    label: str | Promise
    n: int
    share: float
    width: int  # percent, at least 1, so that nothing that happened is invisible


@dataclass(frozen=True, slots=True)
class EffectRow:
    title: str
    article_id: int
    verdict: str
    label: str
    badge: str
    sentence: str


def outcome_rows(outcomes: tuple[OutcomeShare, ...]) -> list[OutcomeRow]:
    return [
        OutcomeRow(each.outcome, OUTCOMES[each.outcome], each.n, each.share, max(1, round(each.share * 100)))
        for each in outcomes
    ]


def effect_rows(effects: tuple[EffectLine, ...]) -> list[EffectRow]:
    return [
        EffectRow(
            title=effect.title,
            article_id=effect.article_id,
            verdict=effect.verdict,
            label=str(Verdict(effect.verdict).label),
            badge=VERDICTS.get(Verdict(effect.verdict), "neutral"),
            sentence=_effect_sentence(effect),
        )
        for effect in effects
    ]


def _effect_sentence(effect: EffectLine) -> str:
    counts = {"before": number(effect.n_before), "after": number(effect.n_after)}
    asked = _("%(before)s questions before, %(after)s after.") % counts
    if effect.change is None:
        return asked
    moved = _("Verified resolution %(change)s against untouched topics") % {"change": signed_points(effect.change)}
    if effect.low is None or effect.high is None:
        return f"{moved}. {asked}"
    span = _("%(level)s interval %(low)s to %(high)s") % {
        "level": percent(0.95, 0),
        "low": signed_points(effect.low),
        "high": signed_points(effect.high),
    }
    return f"{moved} ({span}). {asked}"


def quality_sentence(quality: QualitySummary) -> str:
    counts = {"scored": number(quality.n_scored), "eligible": number(quality.n_eligible)}
    text = _("mean score of %(scored)s of %(eligible)s conversations") % counts
    text += _(", by the %(scorer)s (version %(version)s).") % {
        "scorer": in_sentence(quality.version.label),
        "version": quality.version.scorer_version,
    }
    if quality.is_provisional:
        text += " " + _("Provisional: not yet held against enough labels by people.")
    else:
        text += " " + _("Corrected by people’s labels; the scorer itself gave %(raw)s.") % {
            "raw": percent(quality.raw.value)
        }
    return text


def coverage_notes(digest: Digest, merchant: Merchant) -> list[str]:
    """What the numbers are made of: which conversations, until when, what is not known yet."""
    notes = [
        _("Conversations that started in this week, counted in the time zone %(zone)s.") % {"zone": merchant.timezone}
    ]
    if digest.n_excluded:
        n = digest.n_excluded
        text = ngettext(
            "%(n)s conversation is in no rate: test traffic, spam or no real request.",
            "%(n)s conversations are in no rate: test traffic, spam or no real request.",
            n,
        )
        notes.append(text % {"n": number(n)})
    if digest.data_to:
        notes.append(_("Data to %(moment)s.") % {"moment": local_datetime(digest.data_to)})
    if digest.savings.is_provisional and digest.n_conversations:
        text = _("Savings take every resolution to hold; they are verified on %(date)s, when re-contacts are known.")
        notes.append(text % {"date": local_date(digest.savings.verified_at)})
    return notes


def page_url(name: str, merchant: Merchant, pk: int | None = None) -> str:
    return str(reverse(name, args=[merchant.slug] if pk is None else [merchant.slug, pk]))
