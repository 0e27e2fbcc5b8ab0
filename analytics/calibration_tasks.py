"""Labels held against scores: every night for all merchants, and at once for a page that asks."""

import logging

from celery import shared_task
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from analytics.calibrating import calibrate_merchant
from portal.models import Job, Merchant

logger = logging.getLogger(__name__)

JOB_KIND = "calibrate"


@shared_task(name="analytics.tasks.calibrate", ignore_result=True)
def calibrate() -> None:
    for merchant_id in Merchant.objects.values_list("pk", flat=True):
        calibrate_merchant_of.delay(merchant_id)


@shared_task(name="analytics.tasks.calibrate_merchant_of", ignore_result=True, time_limit=3600)
def calibrate_merchant_of(merchant_id: int) -> None:
    merchant = Merchant.objects.get(pk=merchant_id)
    if n_new := calibrate_merchant(merchant, now=timezone.now()):
        logger.info("%s: %d measurements of scores against labels", merchant.slug, n_new)


@shared_task(name="analytics.tasks.calibrate_for_page", ignore_result=True, time_limit=3600)
def calibrate_for_page(job_id: int) -> None:
    """A job that has ended is left alone."""
    job = Job.objects.select_related("merchant").get(pk=job_id)
    if not job.is_active:
        return
    with translation.override(job.merchant.locale):
        title = _("Holding scores against labels")
        try:
            n_new = calibrate_merchant(
                job.merchant, now=timezone.now(), report=lambda done, total: job.report(done, total, title)
            )
        except Exception:
            job.fail(_("Something went wrong. It was logged; try again."), at=timezone.now())
            raise
        job.finish(
            ngettext("%(n)d measurement is new.", "%(n)d measurements are new.", n_new) % {"n": n_new}
            if n_new
            else _("Nothing has changed since the last time."),
            at=timezone.now(),
        )
