"""A task sent to the broker is run by a worker process, and its effect is seen in the database."""

import pytest

from portal.models import Heartbeat
from portal.tasks import beat

pytestmark = pytest.mark.flow


def test_a_sent_task_reaches_the_database(worker):
    beat.delay()
    beat.delay()

    worker.wait_for(lambda: Heartbeat.objects.filter(name="scheduler").exists())
    assert Heartbeat.objects.count() == 1
