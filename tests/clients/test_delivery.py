"""The Python client before a server that fails in every way: nothing lost, nothing doubled, nobody waits."""

import asyncio
import random
import threading
import time
from base64 import b85encode
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import time_machine

from aftercare_client import Aftercare
from aftercare_client.transport import parse_retry_after
from tests.stand_ins.events_server import EventsServer, Refusal, Rude


def say(client: Aftercare, n: int, thread: str = "c-1") -> list[str]:
    chat = client.conversation(thread, channel="widget")
    return [chat.received(f"Where is order {number}?") for number in range(n)]


def once(ids: list[str]) -> Counter[str]:
    return Counter(dict.fromkeys(ids, 1))


def test_events_go_together_and_each_goes_once(connect, server):
    client = connect(batch_events=10)
    ids = say(client, 25)
    assert client.flush()
    assert server.stored == once(ids)
    assert max(server.sizes) == 10
    assert len(server.sizes) <= 5
    counts = client.counts
    assert (counts.sent, counts.accepted, counts.duplicates, counts.queued) == (25, 25, 0, 0)


def test_nobody_has_to_flush(connect, server):
    client = connect()
    for n in (3, 6):  # the second time the thread sleeps already
        say(client, 3)
        deadline = time.monotonic() + 10
        while len(server.stored) != n:
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.mark.parametrize(
    ("act", "is_stored"),
    [
        (Rude.RESET, False),
        (Rude.RESET_AFTER_STORING, True),
        (Rude.HALF_AN_ANSWER, True),
        (Rude.DRIP, True),
        (Rude.HANG, False),
        (Rude.PORTAL_OF_A_HOTEL, False),
        (Refusal(500), False),
        (Refusal(503), False),
        (Refusal(429, {"Retry-After": "0"}), False),
        (Refusal(401), False),
        (Refusal(301, {"Location": "https://elsewhere.example/"}), False),
    ],
)
def test_a_failure_costs_no_event(connect, server, act, is_stored):
    server.script.extend([act, act])
    client = connect()
    ids = say(client, 5)
    assert client.flush()
    assert set(server.stored) == set(ids)
    counts = client.counts
    assert (counts.accepted, counts.duplicates) == ((0, 5) if is_stored else (5, 0))
    assert counts.rejected == counts.dropped == counts.queued == 0


def test_a_storm_of_failures_under_several_threads(connect, server):
    chance = random.Random(7)
    acts = [Rude.RESET, Rude.RESET_AFTER_STORING, Rude.HALF_AN_ANSWER, Refusal(502), Refusal(429, {"Retry-After": "0"})]
    server.script.extend(chance.choices(acts, k=80))
    client = connect(batch_events=20)
    found: list[list[str]] = []
    threads = [threading.Thread(target=lambda n=n: found.append(say(client, 100, f"c-{n}"))) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert client.flush(20)
    assert set(server.stored) == {each for ids in found for each in ids}
    counts = client.counts
    assert counts.accepted + counts.duplicates == 400


def test_the_time_that_the_server_names_is_kept(connect, server):
    server.script.append(Refusal(429, {"Retry-After": "1"}))
    client = connect()
    say(client, 1)
    assert client.flush()
    first, second = server.asked_at
    assert second - first >= 1


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7), ("Mon, 23 Nov 2026 10:00:30 GMT", 30), ("Mon, 23 Nov 2026 09:00:00 GMT", 0), ("86400", 3600)]
    + [(value, None) for value in (None, "", "soon", "-1", "nan", "Mon, 23 Nov 2026 10:00:30")],
)
def test_both_forms_of_retry_after(value, seconds):
    with time_machine.travel(datetime(2026, 11, 23, 10, tzinfo=UTC), tick=False):
        assert parse_retry_after(value) == seconds


def test_a_batch_that_is_too_large_goes_in_parts(connect, server):
    server.max_events = 7
    client = connect(batch_events=50)
    ids = say(client, 50)
    assert client.flush()
    assert server.stored == once(ids)
    assert client.counts.accepted == 50


def test_a_server_that_refuses_before_it_has_read_all_is_heard(connect, server):
    server.script.append(Rude.REFUSES_UNREAD)
    client = connect(
        batch_bytes=10**7,
        batch_events=10,
        linger_seconds=600,
        timeout_seconds=5,
        shortest_pause_seconds=1000,
        longest_pause_seconds=1000,
    )
    chat = client.conversation("c-1")
    # More than the buffers of both ends hold, also when packed.
    ids = [chat.received(b85encode(random.Random(n).randbytes(700_000)).decode()) for n in range(10)]
    assert client.flush(20)
    assert server.stored == once(ids)
    assert len(server.sizes) == 2


def test_one_event_that_is_too_large_does_not_hold_up_the_others(connect, server):
    found = []
    client = connect(batch_events=10, on_rejected=found.append)
    chat = client.conversation("c-1")
    server.too_large = {chat.received("", event_id="the large one")}
    ids = say(client, 9)
    assert client.flush()
    assert server.stored == once(ids)
    assert [(each.event["id"], each.status) for each in found] == [("the large one", 413)]


def test_a_batch_that_will_never_be_taken_is_given_up_with_its_reason(connect, server, caplog):
    server.script.append(Refusal(400))
    found = []
    client = connect(batch_events=3, on_rejected=found.append)
    refused = say(client, 3)
    taken = say(client, 3)
    assert client.flush()
    assert [each.event["id"] for each in found] == refused
    assert {(each.error, each.status) for each in found} == {("400: as told", 400)}
    assert server.stored == once(taken)
    assert "400: as told" in caplog.text
    assert "Where is order" not in caplog.text


def test_a_rejected_event_is_told_and_a_failing_callback_harms_nobody(connect, server):
    found = []

    def complain(rejected) -> None:
        found.append(rejected)
        raise RuntimeError

    client = connect(on_rejected=complain)
    bad = client.conversation("c-1").received("no", event_id="bad")
    server.rejects = {bad}
    ids = say(client, 4)
    assert client.flush()
    assert [(each.event["id"], each.field, each.error) for each in found] == [("bad", "data.text", "no")]
    assert server.stored == once(ids)
    assert (client.counts.accepted, client.counts.rejected) == (4, 1)


def test_nobody_waits_for_a_server_that_hangs(connect, server):
    server.script.extend([Rude.HANG] * 9)
    client = connect(timeout_seconds=30, batch_events=10)

    async def agent() -> list[str]:
        return say(client, 300)

    with ThreadPoolExecutor(1) as elsewhere:  # browser tests leave a running loop in their own thread
        ids = elsewhere.submit(asyncio.run, agent()).result() + say(client, 300)
    assert not server.release.is_set()  # all calls have returned, and the server has answered nothing
    assert client.counts.queued == 600
    server.script.clear()
    server.release.set()
    assert client.flush()
    assert set(server.stored) == set(ids)


def test_a_full_queue_drops_what_is_new_and_counts_it(connect, server):
    server.script.append(Rude.HANG)
    client = connect(timeout_seconds=30, max_queued=5)
    ids = say(client, 20)
    assert (client.counts.dropped, client.counts.queued) == (15, 5)
    server.release.set()
    assert client.flush()
    assert server.stored == once(ids[:5])


def test_nothing_that_the_agent_gives_makes_it_fail(connect, server):
    found = []
    client = connect(on_rejected=found.append)
    chat = client.conversation("c-1")
    circle: dict = {}
    circle["self"] = circle
    for value in (object, float("nan"), [1], "twelve"):
        chat.sent("Hello", latency_ms=value)
    chat.sent("Hello", sources=[("kb-1", 0.5, "too many")])
    client.record("message.received", "c-1", channel="widget", data=circle)
    client.record("message.received", "c-1", channel="widget", data={"text": "x" * 1_100_000})
    chat.sent("Hello", confidence=float("inf"))
    assert len(found) == client.counts.rejected == 8
    good = [chat.sent("half \ud83d", cost=Decimal("0.002")), chat.received("ok")]
    assert client.flush()
    assert server.stored == once(good)


def test_without_address_or_key_it_does_nothing(monkeypatch, caplog):
    monkeypatch.delenv("AFTERCARE_URL", raising=False)
    threads = threading.active_count()
    client = Aftercare()
    assert say(client, 3)
    assert client.flush()
    assert client.close()
    assert client.counts.queued == 0
    assert threading.active_count() == threads
    assert "no event is recorded" in caplog.text


def test_an_address_that_is_none_is_told_at_once():
    with pytest.raises(ValueError, match="is no address"):
        Aftercare("aftercare.example", "ac_key")


def test_close_sends_what_waits_and_then_takes_nothing(connect, server):
    client = connect(linger_seconds=30)
    ids = say(client, 3)
    assert client.close()
    say(client, 2)
    assert client.close()
    assert server.stored == once(ids)
    assert client.counts.dropped == 2


def test_close_waits_no_longer_than_it_may_and_says_what_is_lost(connect, server, caplog):
    server.script.extend([Refusal(503, {"Retry-After": "600"})])
    client = connect()
    say(client, 3)
    assert not client.close(1)
    assert client.counts.dropped == 3
    assert "0 wait in the spool, 3 are lost" in caplog.text


def test_close_tries_once_more_whatever_pause_was_going_on(connect, server):
    server.script.append(Refusal(500))
    client = connect(shortest_pause_seconds=1000, longest_pause_seconds=1000)
    ids = say(client, 3)
    while len(server.asked_at) < 1:
        pass
    assert client.close()
    assert server.stored == once(ids)


def test_a_connection_that_the_server_closed_meanwhile_is_no_failure(connect, server: EventsServer):
    client = connect(shortest_pause_seconds=1000, longest_pause_seconds=1000)
    first = say(client, 1)
    assert client.flush()
    server.script.append(Rude.RESET)
    second = say(client, 1)
    assert client.flush()
    assert server.stored == once(first + second)
