"""The Celery application. Its schedule is in portal/schedule.py and lives in django-celery-beat's tables."""

import os
import signal
from typing import Any

from billiard import current_process
from celery import Celery
from celery.signals import worker_process_init

from portal.local_stack.children import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("aftercare")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_process_init.connect
def end_with_the_worker(**_: Any) -> None:
    """A pool process whose worker was killed would wait for work for ever."""
    process: Any = current_process()
    die_with_parent(signal.SIGKILL, parent=process._parent_pid)
