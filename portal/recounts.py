"""A merchant's numbers counted anew after a change of its settings, and how far that has come.

Counting is the business of the room above, which takes the waiting job when it begins and reports in it.
"""

from datetime import timedelta

from celery import signature
from django.db import transaction
from django.utils import timezone

from portal.models import Job, JobState, Merchant, User

JOB_KIND = "recount"
TASK = "analytics.tasks.end_idle_conversations_of"  # which counts a merchant anew whose settings have changed
SHOWN_FOR = timedelta(days=1)


def request_recount(merchant: Merchant, *, by: User) -> Job:
    """The schedule would see to it within a minute; asking shows the job at once and begins sooner."""
    job = find_waiting(merchant) or Job.start(merchant, JOB_KIND, by=by)
    transaction.on_commit(lambda: signature(TASK, args=[merchant.pk]).delay(), robust=True)
    return job


def find_waiting(merchant: Merchant) -> Job | None:
    """The one that was asked for and has not begun."""
    return (
        Job.objects.for_merchant(merchant).filter(kind=JOB_KIND, state=JobState.WAITING).order_by("created_at").first()
    )


def find_recount(merchant: Merchant) -> Job | None:
    """The last one, if it was asked for within a day: the job of a worker that died never ends."""
    recent = Job.objects.for_merchant(merchant).filter(kind=JOB_KIND, created_at__gt=timezone.now() - SHOWN_FOR)
    return recent.order_by("-created_at").first()
