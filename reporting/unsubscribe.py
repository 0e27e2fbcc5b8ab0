"""Signed links by which a recipient ends the emails of a topic without signing in."""

from django.conf import settings
from django.core import signing
from django.urls import reverse

from portal.models import Merchant, User
from reporting.models import Topic

SALT = "reporting.unsubscribe"
# Stands in the stored report where each recipient's own link goes.
PLACEHOLDER = "https://unsubscribe.invalid/"


def unsubscribe_url(merchant: Merchant, user: User, topic: Topic = Topic.REPORT) -> str:
    token = signing.dumps([merchant.pk, user.pk, topic.value], salt=SALT)
    return f"{settings.SITE_URL}{reverse('report_unsubscribe', args=[merchant.slug, token])}"


def read_token(merchant: Merchant, token: str) -> tuple[int, Topic] | None:
    """The user's id and the topic; None for a token that is forged or another merchant's. It never expires: old mail
    must work, also that from before there were topics."""
    try:
        merchant_id, user_id, *topic = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    return (int(user_id), Topic(*topic or [Topic.REPORT])) if merchant_id == merchant.pk else None
