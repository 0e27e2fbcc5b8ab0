"""The schedule's rows follow portal/schedule.py; staff may switch an entry off."""

import pytest
from django.core.management import call_command
from django_celery_beat.models import PeriodicTask, PeriodicTasks

from portal.celery import app
from portal.management.commands import seed_schedule
from portal.models import Heartbeat
from portal.schedule import SCHEDULE, Every, Nightly
from portal.tasks import beat

pytestmark = pytest.mark.django_db
HOURLY = Every("portal.tasks.beat", seconds=3600)
NIGHTLY = Nightly("analytics.tasks.reconcile", hour=2, minute=30)


@pytest.fixture
def seed(monkeypatch):
    def seed_entries(*entries):
        monkeypatch.setattr(seed_schedule, "SCHEDULE", entries)
        call_command("seed_schedule")

    return seed_entries


def test_every_entry_is_a_task_that_exists_and_is_named_once():
    app.loader.import_default_modules()
    names = [entry.task for entry in SCHEDULE]
    assert len(names) == len(set(names))
    assert set(names) <= set(app.tasks)


def test_an_entry_becomes_a_row_with_its_time(seed):
    seed(HOURLY, NIGHTLY)

    hourly, nightly = PeriodicTask.objects.get(task=HOURLY.task), PeriodicTask.objects.get(task=NIGHTLY.task)
    assert str(hourly.interval) == "every 3600 seconds"
    assert (nightly.crontab.hour, nightly.crontab.minute, str(nightly.crontab.timezone)) == ("2", "30", "UTC")
    assert hourly.expire_seconds == 36_000


def test_seeding_again_changes_nothing_and_reloads_nothing(seed):
    seed(HOURLY, NIGHTLY)
    before, reloaded = list(PeriodicTask.objects.values()), PeriodicTasks.last_change()

    seed(HOURLY, NIGHTLY)

    assert list(PeriodicTask.objects.values()) == before
    assert PeriodicTasks.last_change() == reloaded


def test_a_new_time_keeps_what_staff_switched_off(seed):
    seed(HOURLY)
    PeriodicTask.objects.update(enabled=False)

    seed(Every(HOURLY.task, seconds=60))

    task = PeriodicTask.objects.get()
    assert str(task.interval) == "every 60 seconds"
    assert not task.enabled


def test_a_removed_entry_goes_and_staffs_own_stays(seed):
    seed(HOURLY, NIGHTLY)
    PeriodicTask.objects.create(
        name="Staff's own", task="portal.tasks.beat", interval=PeriodicTask.objects.first().interval
    )

    seed(NIGHTLY)

    assert set(PeriodicTask.objects.values_list("name", flat=True)) == {"Staff's own", NIGHTLY.task}


def test_a_heartbeat_is_one_row_that_moves(time_machine):
    time_machine.move_to("2026-11-23 08:00:00Z", tick=False)
    beat()
    time_machine.move_to("2026-11-23 08:00:15Z", tick=False)
    beat()

    assert f"{Heartbeat.objects.get().beat_at:%H:%M:%S}" == "08:00:15"
