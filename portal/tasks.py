"""Background work of the portal itself."""

import logging

from celery import shared_task
from django.utils import timezone

from portal import account_mail, langsmith
from portal.models import Heartbeat, Merchant, User

logger = logging.getLogger(__name__)


@shared_task(name="portal.tasks.beat", ignore_result=True)
def beat() -> None:
    """Scheduler, broker and worker are all alive when this moment is fresh; /readyz reads it."""
    Heartbeat.beat("scheduler", at=timezone.now())


@shared_task(name="portal.tasks.send_waiting_traces", ignore_result=True)
def send_waiting_traces() -> None:
    """Traces and feedback that wait for LangSmith; what it does not take now stays for a later run."""
    sending = langsmith.send_waiting(now=timezone.now())
    if sending.error or sending.n_given_up:
        logger.warning("LangSmith: %s; %d rows given up", sending.error or "reachable", sending.n_given_up)


@shared_task(name="portal.tasks.send_password_mail", ignore_result=True, **account_mail.RETRIED)
def send_password_mail(user_id: int) -> None:
    account_mail.send_password_mail(User.objects.get(pk=user_id))


@shared_task(name="portal.tasks.send_invitation_mail", ignore_result=True, **account_mail.RETRIED)
def send_invitation_mail(user_id: int, merchant_id: int) -> None:
    account_mail.send_invitation_mail(User.objects.get(pk=user_id), Merchant.objects.get(pk=merchant_id))
