"""Background work of the knowledge loop. Every task takes ids, is safe to run twice, and stores why it failed."""

from datetime import timedelta
from typing import Any

from celery import Task, shared_task
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from improvement import coverage, drafting, effects, gaps, publishing
from improvement.article_tasks import (
    apply_article_import,
    compare_articles,
    keep_article_indexes,
    read_article_import,
)
from improvement.errors import NotEnoughMaterialError
from improvement.models import Draft, DraftState
from portal.embeddings import EmbeddingError
from portal.llm import LlmError
from portal.models import Job, Merchant

# Celery finds tasks in this module.
__all__ = ["apply_article_import", "compare_articles", "keep_article_indexes", "read_article_import"]

RETRIES = 3
# A worker that died while it held a task: past every retry and time limit.
STUCK_AFTER = timedelta(minutes=30)


def wait_seconds(retries: int) -> int:
    """10 s, 40 s, 160 s."""
    return int(10 * 4**retries)


@shared_task(bind=True, max_retries=RETRIES)
def write_draft(self: "Task[Any, Any]", draft_id: int, job_id: int) -> None:
    draft = Draft.objects.select_related("merchant", "gap").get(pk=draft_id)
    job = Job.objects.get(pk=job_id)
    may_retry = self.request.retries < RETRIES
    with translation.override(draft.merchant.locale):
        try:
            drafting.write(draft, job, now=timezone.now(), may_wait_for_model=may_retry)
        except (LlmError, EmbeddingError) as error:
            if may_retry and not error.permanent:
                job.report(1, drafting.STEPS, _("The model is busy; trying again in a moment"))
                raise self.retry(exc=error, countdown=wait_seconds(self.request.retries)) from error
            _give_up(draft, job, str(error))
        except NotEnoughMaterialError as error:
            _give_up(draft, job, error.message)
        except Exception:
            _give_up(draft, job, _("Something went wrong while writing. It was logged; try again."))
            raise


def _give_up(draft: Draft, job: Job, reason: str) -> None:
    drafting.give_up(draft, reason)
    job.fail(reason, at=timezone.now())


@shared_task(bind=True, max_retries=RETRIES)
def publish_draft(self: "Task[Any, Any]", draft_id: int) -> None:
    draft = Draft.objects.select_related("merchant").get(pk=draft_id)
    with translation.override(draft.merchant.locale):
        try:
            publishing.publish(draft, now=timezone.now())
        except EmbeddingError as error:
            publishing.record_failure(draft, str(error))
            if not error.permanent and self.request.retries < RETRIES:
                raise self.retry(exc=error, countdown=wait_seconds(self.request.retries)) from error
        except Exception:
            publishing.record_failure(draft, _("Something went wrong while publishing. It was logged; try again."))
            raise


@shared_task
def resume_drafts() -> None:
    """Starts again what a lost broker message or a dead worker left behind."""
    since = timezone.now() - STUCK_AFTER
    stuck = Draft.objects.filter(updated_at__lt=since).filter(
        Q(state=DraftState.WRITING) | Q(state=DraftState.APPROVED)
    )
    for draft in stuck.select_related("merchant"):
        Draft.objects.filter(pk=draft.pk).update(updated_at=timezone.now())
        if draft.state == DraftState.WRITING:
            draft.start_writing(by=draft.requested_by)
        else:
            draft.start_publication()


@shared_task
def measure_effects(merchant_id: int | None = None) -> None:
    """Without an id: one task per merchant."""
    if merchant_id is None:
        for found_id in Merchant.objects.values_list("pk", flat=True):
            measure_effects.delay(found_id)
        return
    effects.measure_effects(Merchant.objects.get(pk=merchant_id), now=timezone.now())


@shared_task(bind=True, max_retries=RETRIES)
def read_new_questions(self: "Task[Any, Any]", merchant_id: int | None = None) -> None:
    """Without an id: one task per merchant."""
    if merchant_id is None:
        for found_id in Merchant.objects.values_list("pk", flat=True):
            read_new_questions.delay(found_id)
        return
    try:
        coverage.read_new_questions(Merchant.objects.get(pk=merchant_id), timezone.now())
    except EmbeddingError as error:
        if error.permanent:
            raise
        raise self.retry(exc=error, countdown=wait_seconds(self.request.retries)) from error


@shared_task
def refresh_gaps(merchant_id: int | None = None) -> None:
    """Without an id: one task per merchant."""
    if merchant_id is None:
        for found_id in Merchant.objects.values_list("pk", flat=True):
            refresh_gaps.delay(found_id)
        return
    gaps.refresh_gaps(Merchant.objects.get(pk=merchant_id), timezone.now())


@shared_task
def find_gaps(job_id: int) -> None:
    """Both at once, for the page that asked for it. A job that was started already is left alone."""
    job = Job.objects.select_related("merchant").get(pk=job_id)
    if not job.is_active:
        return
    with translation.override(job.merchant.locale):
        try:
            n_gaps = gaps.find_gaps(job.merchant, timezone.now(), report=job.report)
        except EmbeddingError as error:
            job.fail(str(error), at=timezone.now())
        except Exception:
            job.fail(_("Something went wrong. It was logged; try again."), at=timezone.now())
            raise
        else:
            message = ngettext("%(n)d topic is not covered.", "%(n)d topics are not covered.", n_gaps) % {"n": n_gaps}
            job.finish(message, at=timezone.now())
