"""The weekly report and word of anomalies on their way. Every task takes ids and is safe to run twice."""

from datetime import timedelta

from celery import shared_task
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import ngettext

from analytics.queries import data_to
from portal.models import Job, Merchant
from portal.periods import week_before
from reporting.delivery import deliver
from reporting.models import Delivery, DeliveryState, Report
from reporting.report import due_at, get_or_build_report
from reporting.watching import watch


@shared_task(name="reporting.tasks.send_due_reports")
def send_due_reports() -> None:
    """Starts what is due: reports of merchants whose Monday 08:00 has passed, and emails that wait for an attempt."""
    now = timezone.now()
    Delivery.give_up_lost(now=now)
    recent = Report.objects.filter(announced_at__isnull=False, end__gte=now - timedelta(days=9))
    told = set(recent.values_list("merchant_id", "end"))
    for merchant in Merchant.objects.all():
        week = week_before(now, merchant.zone)
        if now >= due_at(week) and (merchant.pk, week.end) not in told:
            send_weekly_report.delay(merchant.pk)
    for delivery_id in Delivery.due(now=now).values_list("pk", flat=True):
        deliver_report.delay(delivery_id)


@shared_task(name="reporting.tasks.send_weekly_report")
def send_weekly_report(merchant_id: int) -> None:
    """Who subscribed after the week's hour of sending gets the next report, or asks for this one on its page."""
    now = timezone.now()
    merchant = Merchant.objects.get(pk=merchant_id)
    week = week_before(now, merchant.zone)
    if now < due_at(week) or data_to(merchant) is None:
        return
    report, _is_new = get_or_build_report(merchant, week, now=now)
    for delivery_id in report.announce(subscribed_before=due_at(week), at=now):
        deliver_report.delay(delivery_id)


@shared_task(name="reporting.tasks.find_anomalies")
def find_anomalies() -> None:
    for merchant_id in Merchant.objects.values_list("pk", flat=True):
        find_anomalies_of.delay(merchant_id)


@shared_task(name="reporting.tasks.find_anomalies_of")
def find_anomalies_of(merchant_id: int) -> None:
    for delivery_id in watch(Merchant.objects.get(pk=merchant_id), now=timezone.now()):
        deliver_report.delay(delivery_id)


@shared_task(name="reporting.tasks.deliver_report")
def deliver_report(delivery_id: int) -> None:
    deliver(delivery_id, now=timezone.now())


@shared_task(name="reporting.tasks.deliver_now")
def deliver_now(delivery_ids: list[int], job_id: int) -> None:
    """Sends what somebody asked for on the report's page, with progress."""
    job = Job.objects.select_related("merchant").get(pk=job_id)
    for n, delivery_id in enumerate(delivery_ids):
        job.report(n, len(delivery_ids))
        deliver(delivery_id, now=timezone.now())
    rows = Delivery.objects.for_merchant(job.merchant).filter(pk__in=delivery_ids)
    states = list(rows.values_list("state", "error"))
    n_sent = sum(state == DeliveryState.SENT for state, _error in states)
    errors = [error for _state, error in states if error]
    if errors:
        job.fail(errors[0], at=timezone.now())
    else:
        with translation.override(job.merchant.locale):
            message = ngettext("%(n)d email sent.", "%(n)d emails sent.", n_sent) % {"n": n_sent}
        job.finish(message, at=timezone.now())


def start_deliveries(delivery_ids: list[int], job: Job) -> None:
    """After the commit, so that the worker finds the rows."""
    transaction.on_commit(lambda: deliver_now.delay(delivery_ids, job.pk))
