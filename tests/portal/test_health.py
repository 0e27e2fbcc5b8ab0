from datetime import timedelta

from django.test import Client
from django.utils import timezone

from portal.models import Heartbeat


def test_healthz_asks_nothing(django_assert_num_queries, db):
    with django_assert_num_queries(0):
        assert Client().get("/healthz").json() == {"status": "ok"}


def test_ready_when_database_broker_and_scheduler_answer(db, redis_server):
    Heartbeat.beat("scheduler", at=timezone.now())
    answer = Client().get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "checks": {"database": "ok", "broker": "ok", "scheduler": "ok"}}


def test_a_scheduler_that_never_ran_is_not_ready(db, redis_server):
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["scheduler"] == "has not run yet"


def test_a_silent_scheduler_is_told_with_its_silence(db, redis_server):
    Heartbeat.beat("scheduler", at=timezone.now() - timedelta(minutes=5))
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["scheduler"] == "silent for 300 s"


def test_without_a_broker_it_says_what_still_works_and_no_address(db, settings):
    settings.REDIS_URL = "redis://:hunter2@127.0.0.1:1/0"
    Heartbeat.beat("scheduler", at=timezone.now())
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["broker"].startswith("does not answer")
    assert b"hunter2" not in answer.content
    assert b"127.0.0.1" not in answer.content


def test_nothing_is_posted(db):
    assert Client().post("/healthz").status_code == 405
    assert Client().post("/readyz").status_code == 405
