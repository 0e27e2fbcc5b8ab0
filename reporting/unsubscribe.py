"""Signed links by which a recipient ends the weekly report without signing in."""

from django.conf import settings
from django.core import signing
from django.urls import reverse

from portal.models import Merchant, User

SALT = "reporting.unsubscribe"
# Stands in the stored report where each recipient's own link goes.
PLACEHOLDER = "https://unsubscribe.invalid/"


def unsubscribe_url(merchant: Merchant, user: User) -> str:
    token = signing.dumps([merchant.pk, user.pk], salt=SALT)
    return f"{settings.SITE_URL}{reverse('report_unsubscribe', args=[merchant.slug, token])}"


def read_token(merchant: Merchant, token: str) -> int | None:
    """The user's id; None for a token that is forged or another merchant's. It never expires: old mail must work."""
    try:
        merchant_id, user_id = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    return int(user_id) if merchant_id == merchant.pk else None
