"""Background work of the portal itself."""

import logging
from datetime import datetime

from celery import shared_task
from django.utils import timezone

from portal import account_mail
from portal.mail import MailError
from portal.models import ClosedInvitationError, Heartbeat, Invitation, User
from portal.sessions import SessionStore

logger = logging.getLogger(__name__)


@shared_task(name="portal.tasks.beat", ignore_result=True)
def beat() -> None:
    """Scheduler, broker and worker are all alive when this moment is fresh; /readyz reads it."""
    Heartbeat.beat("scheduler", at=timezone.now())


@shared_task(name="portal.tasks.send_waiting_traces", ignore_result=True)
def send_waiting_traces() -> None:
    """Traces and feedback that wait for LangSmith; what it does not take now stays for a later run."""
    from portal.langsmith_delivery import send_waiting  # noqa: PLC0415 - the SDK takes a second and 20 MB

    sending = send_waiting(now=timezone.now())
    if sending.error or sending.n_given_up:
        logger.warning("LangSmith: %s; %d rows given up", sending.error or "reachable", sending.n_given_up)


@shared_task(name="portal.tasks.send_password_mail", ignore_result=True, **account_mail.RETRIED)
def send_password_mail(user_id: int) -> None:
    account_mail.send_password_mail(User.objects.get(pk=user_id))


@shared_task(name="portal.tasks.send_account_change_mail", ignore_result=True, **account_mail.RETRIED)
def send_account_change_mail(user_id: int, change: str, at: str, device: str) -> None:
    user, moment = User.objects.get(pk=user_id), datetime.fromisoformat(at)
    account_mail.send_account_change_mail(user, account_mail.AccountChange(change), at=moment, device=device)


@shared_task(name="portal.tasks.send_invitation_mail", ignore_result=True, **account_mail.RETRIED)
def send_invitation_mail(invitation_id: int) -> None:
    """The team page says what became of it: sent, or what the mail server had against it."""
    invitation = Invitation.objects.select_related("merchant", "invited_by").get(pk=invitation_id)
    try:
        account_mail.send_invitation_mail(invitation)
    except ClosedInvitationError:
        return  # withdrawn, or accepted by an earlier mail
    except MailError as error:
        invitation.mark_unsent(str(error))
        if error.permanent:
            return
        raise
    invitation.mark_sent(at=timezone.now())


@shared_task(name="portal.tasks.forget_ended_sessions", ignore_result=True)
def forget_ended_sessions() -> None:
    SessionStore.clear_expired()
