"""The email about one anomaly."""

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from portal.mail import inline_css
from portal.models import Merchant
from reporting.anomaly_words import tell
from reporting.models import Anomaly


def render_anomaly(merchant: Merchant, anomaly: Anomaly, *, unsubscribe_url: str) -> tuple[str, str, str]:
    """(subject, text, html) in the merchant's language and zone."""
    with timezone.override(merchant.zone), translation.override(merchant.locale):
        line = tell(anomaly)
        subject = f"{line.title} · {merchant.name}"
        context = {
            "merchant": merchant,
            "line": line,
            "subject": subject,
            "conversations_url": f"{settings.SITE_URL}{line.url}",
            "overview_url": f"{settings.SITE_URL}{reverse('overview', args=[merchant.slug])}",
            "unsubscribe_url": unsubscribe_url,
        }
        text = render_to_string("emails/anomaly.txt", context).strip() + "\n"
        return subject, text, inline_css(render_to_string("emails/anomaly.html", context))
