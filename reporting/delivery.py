"""One report or anomaly to one person by email: claimed first, then sent, then recorded. At most once."""

from datetime import datetime

from portal.mail import Mail, MailError, mail_domain, send_mail
from portal.models import User
from reporting.anomaly_mail import render_anomaly
from reporting.models import Anomaly, Delivery, Report, Topic
from reporting.models.subscription import LEAST_ROLE
from reporting.unsubscribe import PLACEHOLDER, unsubscribe_url


def deliver(delivery_id: int, *, now: datetime) -> Delivery | None:
    """None where somebody else has it, it was sent, or it is not due yet."""
    delivery = Delivery.claim(delivery_id, now=now)
    if delivery is None:
        return None
    topic = Topic.REPORT if delivery.report_id else Topic.ANOMALIES
    user = User.objects.filter(email=delivery.recipient, is_active=True).first()
    if user is None or not user.memberships.filter(merchant=delivery.merchant_id, role__gte=LEAST_ROLE[topic]).exists():
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
    if delivery.report is not None:
        return _report_mail(delivery, delivery.report, user)
    assert delivery.anomaly is not None  # noqa: S101 - the table's constraint: one of the two
    return _anomaly_mail(delivery, delivery.anomaly, user)


def _report_mail(delivery: Delivery, report: Report, user: User) -> Mail:
    link = unsubscribe_url(delivery.merchant, user)
    return Mail(
        recipient=delivery.recipient,
        subject=report.subject,
        text=report.text.replace(PLACEHOLDER, link),
        html=report.html.replace(PLACEHOLDER, link),
        # The same for every attempt: where a server took a message that it called refused, mail programs show one.
        message_id=f"<report-{report.pk}.delivery-{delivery.pk}@{mail_domain()}>",
        headers=_list_headers(delivery, link, name="Weekly report", list_name="reports"),
    )


def _anomaly_mail(delivery: Delivery, anomaly: Anomaly, user: User) -> Mail:
    link = unsubscribe_url(delivery.merchant, user, Topic.ANOMALIES)
    subject, text, html = render_anomaly(delivery.merchant, anomaly, unsubscribe_url=link)
    return Mail(
        recipient=delivery.recipient,
        subject=subject,
        text=text,
        html=html,
        message_id=f"<anomaly-{anomaly.pk}.delivery-{delivery.pk}@{mail_domain()}>",
        headers=_list_headers(delivery, link, name="Unusual hours", list_name="anomalies"),
    )


def _list_headers(delivery: Delivery, link: str, *, name: str, list_name: str) -> dict[str, str]:
    slug = delivery.merchant.slug
    return {
        "List-Unsubscribe": f"<{link}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-ID": f"{name} of {slug} <{slug}.{list_name}.{mail_domain()}>",
        "Auto-Submitted": "auto-generated",
    }
