"""Writes portal/schedule.py to django-celery-beat's tables. Safe to run at every deployment."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from portal.schedule import SCHEDULE, Every, Nightly

SOURCE = "From portal/schedule.py; times are set there, on and off here."
MISSED_RUNS_KEPT = 10  # while no worker runs, older ticks expire instead of piling up
NIGHTLY_EXPIRES_SECONDS = 12 * 3600


class Command(BaseCommand):
    help = __doc__

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        for entry in SCHEDULE:
            seed(entry)
        PeriodicTask.objects.filter(description=SOURCE).exclude(name__in=[entry.task for entry in SCHEDULE]).delete()


def seed(entry: Every | Nightly) -> None:
    """Keeps `enabled` and the last run; writes only what differs, because a write makes the scheduler reload."""
    wanted = {"task": entry.task, "description": SOURCE, **timing(entry)}
    task, created = PeriodicTask.objects.get_or_create(name=entry.task, defaults=wanted)
    if not created and any(getattr(task, name) != value for name, value in wanted.items()):
        for name, value in wanted.items():
            setattr(task, name, value)
        task.save()


def timing(entry: Every | Nightly) -> dict[str, Any]:
    match entry:
        case Every(seconds=seconds):
            interval, _ = IntervalSchedule.objects.get_or_create(every=seconds, period=IntervalSchedule.SECONDS)
            return {"interval": interval, "crontab": None, "expire_seconds": seconds * MISSED_RUNS_KEPT}
        case Nightly(hour=hour, minute=minute):
            crontab, _ = CrontabSchedule.objects.get_or_create(hour=str(hour), minute=str(minute), timezone="UTC")
            return {"interval": None, "crontab": crontab, "expire_seconds": NIGHTLY_EXPIRES_SECONDS}
