"""Puts into words why the knowledge base does not answer a gap, and why a gap came back. The numbers are stored."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics.models import HandoffReason
from improvement.models import Article, Gap, Lack, Recurrence
from portal.models import Merchant
from portal.templatetags.formats import in_sentence, number


def explain_lack(merchant: Merchant, gap: Gap) -> str:
    evidence = gap.lack_evidence
    titles = dict(
        Article.objects.for_merchant(merchant).filter(pk__in=evidence.get("articles", [])).values_list("pk", "title")
    )
    names = [titles[pk] for pk in evidence.get("articles", []) if pk in titles]
    if gap.lack == Lack.NEEDS_ACTION and "n_beyond" in evidence:
        return _needs_action(evidence)
    if gap.lack == Lack.CONTRADICTORY and len(names) == 2:
        return _("“%(one)s” and “%(other)s” say different things about this.") % {"one": names[0], "other": names[1]}
    if "n_used" in evidence and names:
        return _used(gap, evidence, names[0])
    if names:
        return _("The nearest article is “%(name)s”. It does not answer these questions.") % {"name": names[0]}
    return _("No article comes near these questions.")


def _needs_action(evidence: dict[str, Any]) -> str:
    reasons = [in_sentence(str(HandoffReason(reason).label)) for reason in evidence["reasons"]]
    text = ngettext(
        "%(k)s of %(n)s conversation was handed over for what no text can do: %(reasons)s.",
        "%(k)s of %(n)s conversations were handed over for what no text can do: %(reasons)s.",
        evidence["n"],
    )
    return text % {"k": number(evidence["n_beyond"]), "n": number(evidence["n"]), "reasons": ", ".join(reasons)}


def _used(gap: Gap, evidence: dict[str, Any], name: str) -> str:
    text = _(
        "The agent answered from “%(name)s” in %(used)s of %(n)s conversations; %(failed)s of them did not end well."
    )
    said = text % {
        "name": name,
        "used": number(evidence["n_used"]),
        "n": number(evidence["n"]),
        "failed": number(evidence["n_failed"]),
    }
    if gap.lack != Lack.STALE:
        return said
    old = ngettext("Its text was %(n)s day old then.", "Its text was %(n)s days old then.", evidence["days_old"])
    return f"{said} {old % {'n': number(evidence['days_old'])}}"


def explain_recurrence(gap: Gap) -> str:
    return str(Recurrence(gap.recurrence).label) if gap.recurrence else ""
