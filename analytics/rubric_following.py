"""What follows a change of the rubric: scores that still hold are weighed anew, the latest are read again by the judge,
so that the step between the two series is known."""

import time
from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from analytics.carry_over import carry_over
from analytics.models import Conversation
from analytics.scoring import judge_waiting
from analytics.scoring_queue import overlap_waiting
from portal.models import Job, Merchant

JUDGE_SECONDS = 600


def follow_rubric(merchant: Merchant, job: Job) -> None:
    """Safe to run twice and beside the schedule, which goes on with what is left. The merchant's language is active."""
    try:
        n_weighed = carry_over(merchant, report=lambda done, n: job.report(done, n, _("Weighing scores anew")))
        n_read, n_left = _read_again(merchant, job)
    except Exception as error:
        job.fail(type(error).__name__, at=timezone.now())
        raise
    told = _("Weighed anew: %(weighed)s scores. Read again by the model: %(read)s conversations.")
    if n_left:
        told += " " + _("%(left)s more follow as the model answers and the budget allows.")
    job.finish(told % {"weighed": n_weighed, "read": n_read, "left": n_left}, at=timezone.now())


def _read_again(merchant: Merchant, job: Job) -> tuple[int, int]:
    """How many were read, and how many are left."""

    def waiting(now: datetime) -> QuerySet[Conversation]:
        return overlap_waiting(merchant, now=now)

    total, deadline, n_read = waiting(timezone.now()).count(), time.monotonic() + JUDGE_SECONDS, 0
    for done, score in enumerate(judge_waiting(merchant, waiting), start=1):
        n_read += score is not None
        job.report(min(done, total), total, _("Reading the latest conversations again"))
        if time.monotonic() > deadline:
            break
    return n_read, max(0, total - n_read)
