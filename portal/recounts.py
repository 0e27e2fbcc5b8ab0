"""A merchant's numbers counted anew after a change of its settings, and how far that has come.

Counting is the business of the room above, which takes the waiting job when it begins and reports in it.
"""

from datetime import timedelta

from celery import signature
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from portal.models import Job, JobState, Merchant, User

JOB_KIND = "recount"
TASK = "analytics.tasks.end_idle_conversations_of"  # which counts a merchant anew whose settings have changed
SHOWN_FOR = timedelta(days=1)


def request_recount(merchant: Merchant, *, by: User) -> Job:
    """The schedule would see to it within a minute; asking shows the job at once and begins sooner."""
    job = find_unfinished(merchant) or Job.start(merchant, JOB_KIND, by=by)
    transaction.on_commit(lambda: signature(TASK, args=[merchant.pk]).delay(), robust=True)
    return job


def find_unfinished(merchant: Merchant) -> Job | None:
    """The one that waits, runs, failed, or lost its worker: the next attempt goes on with it."""
    return _jobs(merchant).exclude(state=JobState.DONE).first()


def find_recount(merchant: Merchant) -> Job | None:
    """The last one, if it was asked for within a day."""
    return _jobs(merchant).filter(created_at__gt=timezone.now() - SHOWN_FOR).first()


def _jobs(merchant: Merchant) -> QuerySet[Job]:
    return Job.objects.for_merchant(merchant).filter(kind=JOB_KIND).order_by("-created_at")
