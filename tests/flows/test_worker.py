"""A task sent to the broker is run by a worker process, and its effect is seen in the database."""

import os
import signal

import pytest
import redis
from django.db import connection, transaction

from improvement.tasks import find_gaps
from portal.celery import app
from portal.local_stack.supervisor import Supervisor
from portal.management.commands.prepare_stack import requeue_interrupted_tasks
from portal.models import Heartbeat, Job
from portal.queues import AWAITED_TASKS
from portal.tasks import beat
from tests.servers import start_worker

pytestmark = pytest.mark.flow


def test_a_sent_task_reaches_the_database(worker):
    beat.delay()
    beat.delay()

    worker.wait_for(lambda: Heartbeat.objects.filter(name="scheduler").exists())
    assert Heartbeat.objects.count() == 1


def test_a_task_that_a_killed_worker_had_begun_is_in_the_queue_again(worker, redis_server):
    with redis.Redis.from_url(redis_server, decode_responses=True) as broker, transaction.atomic():
        connection.cursor().execute("LOCK TABLE portal_heartbeat")  # the task waits, as one does that takes long
        task_id = beat.delay().id
        worker.wait_for(lambda: any(task_id in message for message in broker.hvals("unacked")))
        os.killpg(worker.process.pid, signal.SIGKILL)
        worker.process.wait()

        requeue_interrupted_tasks()

        assert not any(task_id in message for message in broker.hvals("unacked"))
        assert sum(task_id in message for message in broker.lrange("celery", 0, -1)) == 1


def test_what_a_person_waits_for_goes_before_all_that_came_earlier(transactional_db, redis_server, merchant, tmp_path):
    for _number in range(5):
        beat.delay()
    job = Job.start(merchant, "find_gaps")
    find_gaps.delay(job.pk)
    supervisor = Supervisor(grace_seconds=2)
    try:
        worker = start_worker(supervisor, tmp_path / "worker.log")
        worker.wait_for(lambda: worker.log.read_text().count(" succeeded in ") == 6)
    finally:
        supervisor.stop()
    job.refresh_from_db()
    assert not job.is_active
    ended = [line for line in worker.log.read_text().splitlines() if " succeeded in " in line]
    assert "improvement.tasks.find_gaps" in ended[0]


def test_every_task_that_is_awaited_exists():
    app.loader.import_default_modules()
    assert set(AWAITED_TASKS) <= set(app.tasks)
