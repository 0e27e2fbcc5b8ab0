"""Spam, as people mark it, because no event says so."""

from datetime import datetime

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from analytics.models import Conversation, Counting, Exclusion, SpamDecision
from analytics.stretches import read_whole_threads
from analytics.threads import refresh_threads
from portal.models import ApiKey, AuditEntry, User


class SpamError(Exception):
    """The conversation cannot be marked; `message` says why."""

    def __init__(self, message: str | Promise) -> None:
        super().__init__(message)
        self.message = message


def decide_spam(
    conversation: Conversation,
    *,
    is_spam: bool,
    by: User | None,
    via: ApiKey | None = None,
    reason: str = "",
    now: datetime,
) -> bool:
    """Records the decision and counts the conversation's thread anew, in one transaction.

    Returns False where nothing was to be changed. Raises SpamError.
    """
    merchant = conversation.merchant
    with transaction.atomic():
        counting = Counting.lock(merchant)
        conversation.refresh_from_db(fields=["exclusion", "started_at", "thread", "archived_in"])
        if (conversation.exclusion == Exclusion.SPAM) == is_spam:
            return False
        if conversation.exclusion == Exclusion.TEST:
            raise SpamError(_("This is test traffic: it is in no number already."))
        if conversation.archived_in_id is not None:
            raise SpamError(_("The events of this conversation are past their retention, so its numbers are final."))
        stretches = read_whole_threads(merchant, [conversation.thread])
        if not any(stretch.events for stretch in stretches.values()):
            raise SpamError(_("The events of this conversation are not stored, so it cannot be counted anew."))
        decision = SpamDecision.objects.create(
            merchant=merchant,
            thread=conversation.thread,
            moment=conversation.started_at,
            is_spam=is_spam,
            reason=reason[:200],
            decided_by=by,
            api_key=via,
            decided_at=now,
        )
        if not counting.has_spam_decisions:
            counting.has_spam_decisions = True
            counting.save(update_fields=["has_spam_decisions"])
        refresh_threads(counting, stretches, now=now)
        verb = "conversation.marked_spam" if is_spam else "conversation.marked_not_spam"
        detail = {"reason": decision.reason} | ({"api_key": str(via)} if via else {})
        AuditEntry.record(merchant, verb, by=by, on=conversation, detail=detail)
    conversation.refresh_from_db()
    return True


def latest_decision(conversation: Conversation) -> SpamDecision | None:
    """The last word on this thread from within the episode, for its page."""
    end = conversation.ended_at or conversation.last_event_at
    decisions = SpamDecision.objects.for_merchant(conversation.merchant).filter(thread=conversation.thread)
    return (
        decisions.select_related("decided_by", "api_key")
        .filter(moment__gte=conversation.started_at, moment__lte=end)
        .last()
    )
