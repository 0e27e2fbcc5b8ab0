"""A worker that is killed while it scores loses no conversation and scores none twice."""

import os
import signal

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.utils import timezone

from analytics.local_backlog import score_waiting_locally
from analytics.models import QualityScore
from analytics.tasks import score_ended_conversations_of
from portal.local_stack.supervisor import Supervisor
from portal.management.commands.prepare_stack import requeue_interrupted_tasks
from tests.events import Chat, send
from tests.servers import start_worker

pytestmark = pytest.mark.flow
TOPICS = ("card", "invoice", "address", "password", "parcel", "refund")
# Written by a batch after its scores, in the same transaction.
NEXT_TABLE = "analytics_sealedday"


def tell(merchant, first: int, n: int) -> None:
    chats = [
        Chat(f"c-{number}", at="2026-11-02T09:00:00+00:00")
        .start()
        .ask(f"How do I change {TOPICS[number % 6]} {number}?")
        .answer(f"Open Settings, choose {TOPICS[number % 6]} {number}.")
        .resolve()
        for number in range(first, first + n)
    ]
    assert not send(merchant, *chats, now=timezone.now()).rejected


def stored(merchant) -> dict[str, tuple]:
    rows = QualityScore.objects.for_merchant(merchant).values_list(
        "conversation__thread", "pk", "created_at", "overall"
    )
    assert len({row[0] for row in rows}) == len(rows)
    return {row[0]: row[1:] for row in rows}


def is_waiting_for_the_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = %s::regclass", [NEXT_TABLE])
        return cursor.fetchone()[0] > 0


def test_a_killed_worker_loses_nothing_and_repeats_nothing(worker, merchant, tmp_path):
    tell(merchant, 0, 20)
    assert score_waiting_locally(merchant, now=timezone.now()) == 20
    before = stored(merchant)
    tell(merchant, 20, 40)
    with transaction.atomic():
        connection.cursor().execute(f"LOCK TABLE {NEXT_TABLE} IN EXCLUSIVE MODE")
        score_ended_conversations_of.delay(merchant.pk)
        worker.wait_for(is_waiting_for_the_lock)  # forty scores are written and not yet committed
        os.killpg(worker.process.pid, signal.SIGKILL)
        worker.process.wait()
    assert stored(merchant) == before

    requeue_interrupted_tasks()  # as the stack does when it starts again
    cache.delete(f"local-scoring-{merchant.pk}")  # and two minutes later the dead worker's lease has run out
    supervisor = Supervisor(grace_seconds=2)
    try:
        again = start_worker(supervisor, tmp_path / "again.log")
        again.wait_for(lambda: len(stored(merchant)) == 60)
    finally:
        supervisor.stop()
    after = stored(merchant)
    assert {thread: after[thread] for thread in before} == before


def test_two_workers_do_not_score_the_same(merchant, db, redis_server):
    tell(merchant, 0, 5)
    cache.set(f"local-scoring-{merchant.pk}", 1, 60)
    assert score_waiting_locally(merchant, now=timezone.now()) == 0
    cache.delete(f"local-scoring-{merchant.pk}")
    assert score_waiting_locally(merchant, now=timezone.now()) == 5
    assert score_waiting_locally(merchant, now=timezone.now()) == 0
