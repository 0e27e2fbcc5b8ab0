"""The entry point of a WSGI server."""

import gc
import os
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.urls import resolve


def limit_lock_waits(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Nobody waits at a web page as long as a nightly recount may hold a lock; tasks and migrations may."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [f"{settings.WEB_LOCK_SECONDS * 1000:.0f}"])


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
connection_created.connect(limit_lock_waits)
application = get_wsgi_application()
resolve("/healthz")  # imports every view once, before gunicorn --preload forks, not at a first request
# What the start made lives as long as the process: no collection need walk it, and the forks go on sharing its pages.
gc.collect()
gc.freeze()
