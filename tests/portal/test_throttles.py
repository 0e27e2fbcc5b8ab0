"""How much a key and a merchant may ask in a minute, and what happens without Redis."""

import socket
import threading
import time

import pytest
import redis

from analytics.models import Event
from portal.models import ApiKey, Scope
from portal.throttles import SECONDS_WITHOUT_REDIS, TooMuchError, charge_batch
from tests.events import resolved

EVENTS = resolved().events  # four


@pytest.fixture
def key(merchant) -> ApiKey:
    return ApiKey.create(merchant, name="agent", scopes=[Scope.INGEST])[0]


def send(sender, events=()) -> int:
    return sender.post("/api/v1/events", list(events), format="json").status_code


def test_one_key_sends_so_many_batches_and_is_told_when_to_come_back(api, settings):
    settings.INGEST_REQUESTS_PER_KEY = 2
    sender, another_key = api("ingest"), api("ingest")
    assert [send(sender) for _ in range(3)] == [200, 200, 429]
    answer = sender.post("/api/v1/events", [], format="json")
    assert answer["content-type"] == "application/problem+json"
    assert 1 <= int(answer["Retry-After"]) <= 31
    problem = answer.json()
    assert (problem["limit"]["name"], problem["limit"]["per_minute"]) == ("batches of one key", 2)
    assert problem["limit"]["retry_after_seconds"] <= 30
    assert "2 batches of one key in a minute" in problem["detail"]
    assert send(another_key) == 200


def test_the_keys_of_a_merchant_share_its_limit_and_another_merchant_has_its_own(api, settings, other_merchant):
    settings.INGEST_REQUESTS_PER_MERCHANT = 2
    assert [send(api("ingest")) for _ in range(3)] == [200, 200, 429]
    assert send(api("ingest", of=other_merchant)) == 200


def test_events_are_counted_and_a_refused_batch_is_not_charged(api, settings):
    settings.INGEST_EVENTS_PER_MERCHANT, settings.INGEST_REQUESTS_PER_KEY = 6, 3
    sender = api("ingest")
    assert send(sender, EVENTS) == 200
    assert [send(sender, EVENTS) for _ in range(4)] == [429] * 4
    assert send(sender, EVENTS[:2]) == 200
    assert Event.objects.count() == 4
    assert send(sender) == 200  # the third batch of the key: those that were refused did not count


def test_bytes_are_counted(api, settings):
    settings.INGEST_BYTES_PER_MERCHANT = 1_000
    sender = api("ingest")
    assert [send(sender, EVENTS[:3]), send(sender, EVENTS[:3])] == [200, 429]
    answer = sender.post("/api/v1/events", EVENTS[:3], format="json")
    assert answer.json()["limit"]["name"] == "bytes of one merchant"


def test_a_batch_above_the_whole_limit_is_taken_and_paid_off(key, settings):
    settings.INGEST_EVENTS_PER_MERCHANT = 100
    charge_batch(key, n_events=300, n_bytes=1)
    with pytest.raises(TooMuchError) as refused:
        charge_batch(key, n_events=1, n_bytes=1)
    assert 119 < refused.value.wait <= 121


def test_the_allowance_fills_evenly(key, settings):
    settings.INGEST_EVENTS_PER_MERCHANT = 6_000  # a hundred a second
    charge_batch(key, n_events=6_000, n_bytes=1)
    with pytest.raises(TooMuchError) as refused:
        charge_batch(key, n_events=20, n_bytes=1)
    time.sleep(refused.value.wait)
    charge_batch(key, n_events=20, n_bytes=1)
    with pytest.raises(TooMuchError):
        charge_batch(key, n_events=200, n_bytes=1)


def test_many_at_once_get_exactly_what_there_is(key, settings):
    settings.INGEST_EVENTS_PER_MERCHANT = 60
    taken = []

    def take() -> None:
        for _ in range(20):
            try:
                charge_batch(key, n_events=1, n_bytes=0)
            except TooMuchError:
                continue
            taken.append(1)

    threads = [threading.Thread(target=take) for _ in range(8)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 60 <= len(taken) <= 61 + (time.monotonic() - began)


def test_nought_is_no_limit(api, settings):
    settings.INGEST_REQUESTS_PER_KEY = settings.INGEST_REQUESTS_PER_MERCHANT = 0
    sender = api("ingest")
    assert {send(sender) for _ in range(5)} == {200}


def test_reading_has_a_limit_of_its_own(api, settings):
    settings.API_REQUESTS_PER_KEY = 2
    reader, sender = api("read"), api("ingest")
    assert [reader.get("/api/v1/metrics/").status_code for _ in range(3)] == [200, 200, 429]
    assert int(reader.get("/api/v1/metrics/")["Retry-After"]) <= 31
    assert [send(sender) for _ in range(3)] == [200] * 3


def test_a_redis_that_was_started_anew_learns_the_script_again(key, redis_server):
    charge_batch(key, n_events=1, n_bytes=1)
    with redis.Redis.from_url(redis_server) as client:
        client.script_flush()
    charge_batch(key, n_events=1, n_bytes=1)
    with redis.Redis.from_url(redis_server) as client:
        assert list(client.scan_iter("limit:*"))


def test_without_redis_events_are_taken_and_one_line_says_so(api, settings, caplog):
    settings.REDIS_URL = "redis://:hunter2@127.0.0.1:1/0"
    settings.INGEST_REQUESTS_PER_KEY = 1
    sender = api("ingest")
    assert [send(sender, EVENTS), send(sender), send(sender)] == [200, 200, 200]
    assert Event.objects.count() == 4
    (line,) = [each.getMessage() for each in caplog.records if each.name == "portal.throttles"]
    assert line == "Nothing is limited, because Redis fails: ConnectionError"


def test_a_redis_that_hangs_holds_up_one_request_and_not_the_next(key, settings):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.REDIS_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        began = time.monotonic()
        charge_batch(key, n_events=1, n_bytes=1)
        first = time.monotonic() - began
        assert 0.2 < first < SECONDS_WITHOUT_REDIS
        began = time.monotonic()
        for _ in range(100):
            charge_batch(key, n_events=1, n_bytes=1)
        assert time.monotonic() - began < first
