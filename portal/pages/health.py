"""For load balancers and the people on call. No secret and no address is ever in an answer."""

from datetime import timedelta

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal.models import Heartbeat

BROKER_TIMEOUT_SECONDS = 2
HEARTBEAT_LIMIT = timedelta(seconds=90)  # six missed beats


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers; nothing else is asked."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    checks = {"database": check_database(), "broker": check_broker()}
    checks["scheduler"] = check_scheduler() if checks["database"] == "ok" else "unknown: the database does not answer"
    is_ready = all(state == "ok" for state in checks.values())
    body = {"status": "ready" if is_ready else "not ready", "checks": checks}
    return JsonResponse(body, status=200 if is_ready else 503)


def check_database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "does not answer"
    return "ok"


def check_broker() -> str:
    limit = BROKER_TIMEOUT_SECONDS
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=limit, socket_timeout=limit) as client:
            client.ping()
    except (redis.RedisError, OSError):
        return "does not answer: background work waits, pages and the API still work"
    return "ok"


def check_scheduler() -> str:
    """Scheduler, broker and a worker together: the beat is a task that the scheduler sends and a worker runs."""
    beat = Heartbeat.objects.filter(name="scheduler").first()
    if beat is None:
        return "has not run yet"
    silent = timezone.now() - beat.beat_at
    return "ok" if silent <= HEARTBEAT_LIMIT else f"silent for {round(silent.total_seconds())} s"
