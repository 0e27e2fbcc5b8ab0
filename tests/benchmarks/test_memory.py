"""How large processes grow while a merchant's history is imported: by HTTP, by the command, and in the worker after it.

BENCH_MEMORY_EVENTS=1000000 for the size that the target names. What counts is the highest resident size that the
kernel has seen of a process (VmHWM), its share of what it has in common with its siblings included.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import psutil
import pytest
import redis
from django.conf import settings

from analytics.models import Conversation, Event
from portal.celery import app
from portal.local_stack.addresses import PROJECT_ROOT
from portal.local_stack.run import worker
from portal.schedule import SCHEDULE
from reporting.demo.stream import build_events
from tests.benchmarks.report import describe, record
from tests.benchmarks.served import Sender, Served, make_merchant, send_at_once, serve

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")

N_EVENTS = int(os.environ.get("BENCH_MEMORY_EVENTS", "50000"))
BATCH = 5000
TARGET = "< 300"


@pytest.fixture(scope="module")
def served(tmp_path_factory, django_db_blocker) -> Iterator[Served]:
    with django_db_blocker.unblock(), serve(tmp_path_factory.mktemp("memory")) as running:
        yield running


def history() -> Iterator[dict]:
    """The demo's month, told again and again, each time a month earlier and by other customers."""
    month = build_events(datetime.now(UTC).date(), days=30, total=8000)
    for number in range(N_EVENTS // len(month) + 1):
        back = timedelta(days=30 * (number % 12))
        for event in month:
            content = dict(event["data"])
            if "customer_id" in content:
                content["customer_id"] = f"{number}-{content['customer_id']}"
            yield event | {
                "id": str(uuid5(NAMESPACE_URL, f"{number}/{event['id']}")),
                "conversation_id": f"{number}-{event['conversation_id']}",
                "occurred_at": (datetime.fromisoformat(event["occurred_at"]) - back).isoformat(),
                "data": content,
            }


def batches() -> Iterator[bytes]:
    events = islice(history(), N_EVENTS)
    while batch := list(islice(events, BATCH)):
        yield json.dumps(batch).encode()


def highest(pid: int) -> float:
    """MB."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024


def highest_of_children(pid: int) -> float:
    return max(highest(child.pid) for child in psutil.Process(pid).children(recursive=True))


def test_a_web_process_through_an_import_by_http(served):
    describe("Memory", f"{N_EVENTS:,} events")
    _, key = make_merchant("by-http")
    at_rest = highest_of_children(served.gunicorn.pid)
    sender = Sender(served.port, key, batches())
    send_at_once([sender])
    assert sender.n_accepted == N_EVENTS
    record(section="Memory", name="web process at rest", value=at_rest, unit="MB")
    record(
        section="Memory",
        name="web process, import by HTTP",
        value=highest_of_children(served.gunicorn.pid),
        unit="MB",
        target=TARGET,
    )


def test_the_command_that_imports_a_file(served, tmp_path):
    merchant, _ = make_merchant("by-command")
    path = tmp_path / "events.ndjson"
    with path.open("w") as file:
        for event in islice(history(), N_EVENTS):
            file.write(json.dumps(event) + "\n")
    command = [sys.executable, "manage.py", "ingest", str(path), "--merchant", merchant.slug]
    with subprocess.Popen(command, cwd=PROJECT_ROOT, env=environment(served)) as process:
        peak = watch(process)
    assert process.returncode == 0
    assert Event.objects.for_merchant(merchant).count() == N_EVENTS
    record(section="Memory", name="manage.py ingest", value=peak, unit="MB", target=TARGET)


# These load the local embedding model, whose weights alone are 90 MB, and scikit-learn.
WITH_MODEL = ("analytics.tasks.score_ended_conversations", "improvement.")


@pytest.mark.parametrize("with_model", [False, True])
def test_a_worker_after_an_import(served, tmp_path, with_model):
    """Every scheduled task once, for the merchants imported above."""
    assert Conversation.objects.exists(), "run the whole file"
    child = worker()
    with redis.Redis.from_url(settings.REDIS_URL) as broker, (tmp_path / "worker.log").open("w") as log:
        broker.flushdb()
        command = [str(part) for part in child.command]
        around = environment(served) | child.environment
        process = subprocess.Popen(command, cwd=PROJECT_ROOT, env=around, stdout=log, stderr=log)
        try:
            for each in SCHEDULE:
                if each.task.startswith(WITH_MODEL) == with_model:
                    app.send_task(each.task)
            wait_until_idle(broker)
            peak = highest_of_children(process.pid)
        finally:
            process.terminate()
            process.wait(60)
    whose = "scores, coverage and gaps with the local embedding model" if with_model else "all tasks without embeddings"
    record(section="Memory", name=f"worker process, {whose}", value=peak, unit="MB", target=TARGET)


def environment(served: Served) -> dict[str, str]:
    return {**os.environ, "DATABASE_URL": served.database_url}


def watch(process: subprocess.Popen) -> float:
    peak = 0.0
    while process.poll() is None:
        try:
            peak = max(peak, highest(process.pid))
        except (FileNotFoundError, TypeError):  # it has ended in between
            break
        time.sleep(0.05)
    process.wait()
    return peak


def wait_until_idle(broker: redis.Redis, *, seconds: float = 1800) -> None:
    deadline, n_idle = time.monotonic() + seconds, 0
    while n_idle < 3:
        assert time.monotonic() < deadline, "the worker does not finish"
        active = app.control.inspect(timeout=5).active() or {"no answer": [1]}
        is_idle = not broker.llen("celery") and not any(active.values())
        n_idle = n_idle + 1 if is_idle else 0
        time.sleep(1)
