"""One report to one person by email: claimed first, then sent, then recorded. At most once, whoever races."""

from datetime import datetime

from portal.mail import Mail, MailError, mail_domain, send_mail
from portal.models import User
from reporting.models import Delivery
from reporting.unsubscribe import PLACEHOLDER, unsubscribe_url


def deliver(delivery_id: int, *, now: datetime) -> Delivery | None:
    """None where somebody else has it, it was sent, or it is not due yet."""
    delivery = Delivery.claim(delivery_id, now=now)
    if delivery is None:
        return None
    user = User.objects.filter(email=delivery.recipient, is_active=True).first()
    if user is None or not user.memberships.filter(merchant=delivery.merchant_id).exists():
        delivery.mark_refused("No member of this merchant has this address any more.", is_permanent=True, at=now)
        return delivery
    mail = build_mail(delivery, user)
    delivery.message_id = mail.message_id
    delivery.save(update_fields=["message_id"])
    try:
        send_mail(mail)
    except MailError as error:
        delivery.mark_refused(str(error), is_permanent=error.permanent, at=now)
    else:
        delivery.mark_sent(at=now)
    return delivery


def build_mail(delivery: Delivery, user: User) -> Mail:
    report, merchant = delivery.report, delivery.merchant
    link = unsubscribe_url(merchant, user)
    return Mail(
        recipient=delivery.recipient,
        subject=report.subject,
        text=report.text.replace(PLACEHOLDER, link),
        html=report.html.replace(PLACEHOLDER, link),
        # The same for every attempt: where a server took a message that it called refused, mail programs show one.
        message_id=f"<report-{report.pk}.delivery-{delivery.pk}@{mail_domain()}>",
        headers={
            "List-Unsubscribe": f"<{link}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "List-ID": f"Weekly report of {merchant.slug} <{merchant.slug}.reports.{mail_domain()}>",
            "Auto-Submitted": "auto-generated",
        },
    )
