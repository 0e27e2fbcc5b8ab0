"""One digest, told as an email: subject, HTML and text in the merchant's language, zone and currency."""

import json
from dataclasses import asdict
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.mail import inline_css
from portal.models import Merchant
from portal.periods import Period, normalized
from portal.templatetags.formats import current_locale, money_whole, number, percent
from reporting.cards import build_cards, change_sentence
from reporting.digest import Digest, build_digest
from reporting.models import Report
from reporting.sentences import coverage_notes, effect_rows, outcome_rows, page_url, quality_sentence
from reporting.unsubscribe import PLACEHOLDER

SENDING_HOUR = time(8)


def due_at(week: Period) -> datetime:
    """Monday 08:00 on the merchant's clock, after the week that is told."""
    return normalized(datetime.combine(week.end.date(), SENDING_HOUR, tzinfo=week.zone))


def get_or_build_report(merchant: Merchant, week: Period, *, now: datetime) -> tuple[Report, bool]:
    """The report of this week, and whether it was made just now. What was told once is never told differently."""
    existing = Report.objects.for_merchant(merchant).filter(start=week.start, end=week.end).first()
    if existing:
        return existing, False
    digest = build_digest(merchant, week, now=now)
    with timezone.override(merchant.zone), translation.override(merchant.locale):
        context = build_context(merchant, week, digest)
        html = inline_css(render_to_string("emails/weekly_report.html", context))
        text = render_to_string("emails/weekly_report.txt", context).strip() + "\n"
    report, is_new = Report.objects.get_or_create(
        merchant=merchant,
        start=week.start,
        end=week.end,
        defaults={"subject": context["subject"], "digest": digest_json(digest), "html": html, "text": text},
    )
    return report, is_new


def digest_json(digest: Digest) -> dict[str, Any]:
    """Plain JSON: money as strings, moments in ISO 8601, zones by name."""
    encoded: dict[str, Any] = json.loads(json.dumps(asdict(digest), cls=_Encoder))
    return encoded


class _Encoder(DjangoJSONEncoder):
    def default(self, o: Any) -> Any:
        return o.key if isinstance(o, ZoneInfo) else super().default(o)


def build_context(merchant: Merchant, week: Period, digest: Digest) -> dict[str, Any]:
    def link(name: str, pk: int | None = None) -> str:
        return f"{settings.SITE_URL}{page_url(name, merchant, pk)}"

    cards = build_cards(digest, merchant)
    return {
        "merchant": merchant,
        "digest": digest,
        "first_day": week.start.date(),
        "first_day_name": _day_name(week),
        "last_day": week.days()[-1],
        "subject": build_subject(merchant, week, digest),
        "lead": build_lead(digest),
        "cards": cards,
        "card_rows": (cards[:2], cards[2:4], cards[4:]),
        "outcomes": outcome_rows(digest.outcomes),
        "gaps": [{"line": gap, "url": link("gap", gap.id)} for gap in digest.gaps],
        "n_more_gaps": digest.n_gaps - len(digest.gaps),
        "gaps_url": link("gaps"),
        "drafts": [{"line": draft, "url": link("draft", draft.id)} for draft in digest.drafts],
        "effects": [{"line": row, "url": link("article", row.article_id)} for row in effect_rows(digest.effects)],
        "quality": digest.quality,
        "quality_sentence": quality_sentence(digest.quality) if digest.quality else "",
        "notes": coverage_notes(digest, merchant),
        "portal_url": link("overview"),
        "unsubscribe_url": PLACEHOLDER,
    }


def build_subject(merchant: Merchant, week: Period, digest: Digest) -> str:
    """At most three facts: which week, how much was resolved, what the gaps are worth."""
    return _("Week of %(day)s: %(facts)s") % {"day": _day_name(week), "facts": ", ".join(_facts(merchant, digest))}


def _day_name(week: Period) -> str:
    return format_date(week.start.date(), "d MMMM", locale=current_locale())


def _facts(merchant: Merchant, digest: Digest) -> list[str]:
    if not digest.n_conversations:
        return [_("no conversations arrived")]
    n = digest.n_conversations
    conversations = ngettext("%(n)s conversation", "%(n)s conversations", n) % {"n": number(n)}
    rate = digest.headline("resolution_rate").value
    if rate is None:
        return [conversations, _("none ended yet")]
    resolved = _("%(rate)s resolved") % {"rate": percent(rate, 0)}
    if not digest.n_gaps:
        return [resolved, conversations]
    worth = money_whole(digest.gap_money_per_week, merchant.currency)
    gaps = ngettext("%(n)s gap worth %(worth)s a week", "%(n)s gaps worth %(worth)s a week", digest.n_gaps) % {
        "n": number(digest.n_gaps),
        "worth": worth,
    }
    return [resolved, gaps]


def build_lead(digest: Digest) -> str:
    """The week in one or two sentences."""
    if not digest.n_conversations:
        return _("No conversations arrived this week. If your agent was at work, check that its events reach us.")
    n = digest.n_conversations
    arrived = ngettext("%(n)s conversation started.", "%(n)s conversations started.", n) % {"n": number(n)}
    headline = digest.headline("resolution_rate")
    if headline.value is None:
        return arrived + " " + _("None of them has ended yet.")
    resolved = _("The agent resolved %(rate)s of those that ended") % {"rate": percent(headline.value)}
    return f"{arrived} {resolved}{change_sentence(headline.change)}."
