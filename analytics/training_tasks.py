"""What people's labels teach the local scorer: every night for all merchants, and at once for an owner who asks."""

import logging

from celery import shared_task
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from analytics.models import TrainedScorer
from analytics.rubric import RUBRIC, Dimension
from analytics.scorer_training import N_STEPS, Shortage, train_if_due
from analytics.scorer_words import tell_shortage
from portal.models import Job, Merchant

logger = logging.getLogger(__name__)

JOB_KIND = "train_scorer"


@shared_task(name="analytics.tasks.train_scorers", ignore_result=True)
def train_scorers() -> None:
    for merchant_id in Merchant.objects.values_list("pk", flat=True):
        train_scorer_of.delay(merchant_id)


@shared_task(name="analytics.tasks.train_scorer_of", ignore_result=True)
def train_scorer_of(merchant_id: int) -> None:
    merchant = Merchant.objects.get(pk=merchant_id)
    found = train_if_due(merchant, now=timezone.now())
    if isinstance(found, TrainedScorer):
        logger.info("%s, %s: %s", merchant.slug, found, found.comparisons)


@shared_task(name="analytics.tasks.train_scorer_for_page", ignore_result=True, time_limit=3600)
def train_scorer_for_page(job_id: int) -> None:
    """A job that has ended is left alone."""
    job = Job.objects.select_related("merchant", "started_by").get(pk=job_id)
    if not job.is_active:
        return
    with translation.override(job.merchant.locale):
        title = _("Learning from labels")
        job.report(0, N_STEPS, title)
        try:
            found = train_if_due(
                job.merchant,
                now=timezone.now(),
                by=job.started_by,
                report=lambda step: job.report(step, N_STEPS, title),
            )
        except Exception:
            job.fail(_("Something went wrong. It was logged; try again."), at=timezone.now())
            raise
        job.finish(tell_shortage(found) if isinstance(found, Shortage) else tell_training(found), at=timezone.now())


def tell_training(training: TrainedScorer) -> str:
    names = [str(RUBRIC[dimension].label) for dimension in Dimension if dimension in training.took_over]
    if not names:
        return _("The start weights stay: in no dimension did labels rank better beyond chance.")
    return _("Labels took over in: %(names)s.") % {"names": ", ".join(names)}
