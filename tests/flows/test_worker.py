"""A task sent to the broker is run by a worker process, and its effect is seen in the database."""

import os
import signal

import pytest
import redis
from django.db import connection, transaction

from portal.management.commands.prepare_stack import requeue_interrupted_tasks
from portal.models import Heartbeat
from portal.tasks import beat

pytestmark = pytest.mark.flow


def test_a_sent_task_reaches_the_database(worker):
    beat.delay()
    beat.delay()

    worker.wait_for(lambda: Heartbeat.objects.filter(name="scheduler").exists())
    assert Heartbeat.objects.count() == 1


def test_a_task_that_a_killed_worker_had_begun_is_in_the_queue_again(worker, redis_server):
    with redis.Redis.from_url(redis_server) as broker, transaction.atomic():
        connection.cursor().execute("LOCK TABLE portal_heartbeat")  # the task waits, as one does that takes long
        beat.delay()
        worker.wait_for(lambda: broker.hlen("unacked") == 1 and broker.llen("celery") == 0)
        os.killpg(worker.process.pid, signal.SIGKILL)
        worker.process.wait()

        requeue_interrupted_tasks()

        assert (broker.hlen("unacked"), broker.llen("celery")) == (0, 1)
