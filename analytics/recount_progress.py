"""How far counting a merchant anew has come, for the page that changed its settings."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.utils import timezone
from django.utils.translation import gettext as _

from analytics.models import Conversation
from portal.models import Job, Merchant
from portal.recounts import JOB_KIND, find_unfinished


@contextmanager
def shown_as_job(merchant: Merchant) -> Iterator[Callable[[int], None]]:
    """Gives a function to call with how many threads were counted so far. An error ends the job and goes on."""
    job = find_unfinished(merchant) or Job.start(merchant, JOB_KIND)
    total = Conversation.objects.for_merchant(merchant).values("thread").distinct().count()
    job.report(0, total, _("Counting anew"))
    try:
        yield lambda n_done: job.report(min(n_done, total), total, _("Counting anew"))
    except Exception as error:
        job.fail(type(error).__name__, at=timezone.now())
        raise
    job.finish(_("All numbers were counted anew."), at=timezone.now())


def end_needless_job(merchant: Merchant) -> None:
    """Asked for, and not needed any more: the settings were changed back, or there is nothing to count yet."""
    if job := find_unfinished(merchant):
        job.finish(_("There was nothing to count anew."), at=timezone.now())
