"""Scheduled work on numbers: one task fans out, one runs per merchant. Each may run twice."""

import logging
import time

from celery import shared_task
from django.utils import timezone, translation

from analytics import archiving, recount, scoring, timescale
from analytics.calibration_tasks import calibrate, calibrate_for_page, calibrate_merchant_of
from analytics.carry_over import carry_over
from analytics.label_filling import fill_queue
from analytics.local_backlog import score_waiting_locally
from analytics.rubric_following import follow_rubric as follow
from analytics.sealing import seal_days
from analytics.sealing_proof import recheck_days
from analytics.search_index import index_changed
from analytics.training_tasks import train_scorer_for_page, train_scorer_of, train_scorers
from portal.models import Job, Merchant

# Celery finds tasks in this module.
__all__ = [
    "calibrate",
    "calibrate_for_page",
    "calibrate_merchant_of",
    "train_scorer_for_page",
    "train_scorer_of",
    "train_scorers",
]

logger = logging.getLogger(__name__)

JUDGE_SECONDS = 240
INDEX_SECONDS = 60
MAX_LOCAL_BATCHES = 100  # of 200 conversations: about four minutes


@shared_task(name="analytics.tasks.end_idle_conversations", ignore_result=True)
def end_idle_conversations() -> None:
    for merchant_id in Merchant.objects.values_list("pk", flat=True):
        end_idle_conversations_of.delay(merchant_id)


@shared_task(name="analytics.tasks.end_idle_conversations_of", ignore_result=True, time_limit=6 * 3600)
def end_idle_conversations_of(merchant_id: int) -> None:
    """Ends what is idle; a merchant whose zone or idle times were changed is counted anew first."""
    merchant, now = Merchant.objects.get(pk=merchant_id), timezone.now()
    recount.recount_if_outdated(merchant, now=now)
    recount.end_idle_conversations(merchant, now=now)


@shared_task(name="analytics.tasks.reconcile", ignore_result=True)
def reconcile() -> None:
    for merchant_id in Merchant.objects.values_list("pk", flat=True):
        reconcile_merchant.delay(merchant_id)


@shared_task(name="analytics.tasks.reconcile_merchant", ignore_result=True, time_limit=6 * 3600)
def reconcile_merchant(merchant_id: int) -> None:
    merchant = Merchant.objects.get(pk=merchant_id)
    try:
        found = recount.reconcile(merchant, now=timezone.now())
    except recount.RecountRunningError:
        return  # which proves the numbers as well
    if found.n_buckets_changed or found.n_conversations_changed:
        logger.error("%s: the recount differed: %s", merchant.slug, found)


@shared_task(name="analytics.tasks.archive_events", ignore_result=True)
def archive_events() -> None:
    """Chunks that the last night emptied go first: the merchants' own tasks end at any time."""
    timescale.drop_empty_chunks(before=archiving.border(timezone.now()))
    for merchant_id in Merchant.objects.values_list("pk", flat=True):
        archive_events_of.delay(merchant_id)


@shared_task(name="analytics.tasks.archive_events_of", ignore_result=True, time_limit=6 * 3600)
def archive_events_of(merchant_id: int) -> None:
    merchant = Merchant.objects.get(pk=merchant_id)
    for period in archiving.archive_events(merchant, now=timezone.now()):
        logger.info("%s: %d events left for %s", merchant.slug, period.n_events, period)


@shared_task(name="analytics.tasks.index_texts", ignore_result=True)
def index_texts() -> None:
    for merchant_id in Merchant.objects.values_list("pk", flat=True):
        index_texts_of.delay(merchant_id)


@shared_task(name="analytics.tasks.index_texts_of", ignore_result=True)
def index_texts_of(merchant_id: int) -> None:
    """Bounded: what is left waits for the next run."""
    merchant, deadline = Merchant.objects.get(pk=merchant_id), time.monotonic() + INDEX_SECONDS
    while index_changed(merchant) and time.monotonic() < deadline:
        pass


@shared_task(name="analytics.tasks.seal_ended_days", ignore_result=True)
def seal_ended_days() -> None:
    for merchant_id in Merchant.objects.values_list("pk", flat=True):
        seal_ended_days_of.delay(merchant_id)


@shared_task(name="analytics.tasks.seal_ended_days_of", ignore_result=True)
def seal_ended_days_of(merchant_id: int) -> None:
    seal_days(Merchant.objects.get(pk=merchant_id), now=timezone.now())


@shared_task(name="analytics.tasks.recheck_sealed_days", ignore_result=True)
def recheck_sealed_days() -> None:
    for merchant_id in Merchant.objects.values_list("pk", flat=True):
        recheck_sealed_days_of.delay(merchant_id)


@shared_task(name="analytics.tasks.recheck_sealed_days_of", ignore_result=True)
def recheck_sealed_days_of(merchant_id: int) -> None:
    merchant = Merchant.objects.get(pk=merchant_id)
    if days := recheck_days(merchant):
        logger.error("%s: %d sealed days differed from their hours or scores: %s", merchant.slug, len(days), days[:5])
    seal_days(merchant, now=timezone.now())


@shared_task(name="analytics.tasks.score_ended_conversations", ignore_result=True)
def score_ended_conversations() -> None:
    for merchant_id in Merchant.objects.values_list("pk", flat=True):
        score_ended_conversations_of.delay(merchant_id)


@shared_task(name="analytics.tasks.score_ended_conversations_of", ignore_result=True)
def score_ended_conversations_of(merchant_id: int) -> None:
    """Bounded: what is left waits for the next run."""
    merchant, now = Merchant.objects.get(pk=merchant_id), timezone.now()
    carry_over(merchant)
    deadline = time.monotonic() + JUDGE_SECONDS
    for _score in scoring.judge_waiting(merchant):
        if time.monotonic() > deadline:
            break
    score_waiting_locally(merchant, now=now, batches=MAX_LOCAL_BATCHES)


@shared_task(name="analytics.tasks.fill_label_queues", ignore_result=True)
def fill_label_queues() -> None:
    for merchant_id in Merchant.objects.values_list("pk", flat=True):
        fill_label_queue_of.delay(merchant_id)


@shared_task(name="analytics.tasks.fill_label_queue_of", ignore_result=True)
def fill_label_queue_of(merchant_id: int) -> None:
    fill_queue(Merchant.objects.get(pk=merchant_id), now=timezone.now())


@shared_task(name="analytics.tasks.follow_rubric", ignore_result=True, time_limit=3600)
def follow_rubric(merchant_id: int, job_id: int) -> None:
    merchant = Merchant.objects.get(pk=merchant_id)
    with translation.override(merchant.locale):
        follow(merchant, Job.objects.for_merchant(merchant).get(pk=job_id))
