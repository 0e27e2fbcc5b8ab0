"""Events that wait on disk: they outlive their process, and nothing is sent by two."""

import json
import threading
from collections import Counter

import pytest

from aftercare_client.memory import MemoryQueue
from aftercare_client.spool import MIN_SEGMENT_BYTES, DiskQueue
from tests.stand_ins.events_server import Refusal


def lines(first: int, last: int, *, size: int = 20) -> list[bytes]:
    return [json.dumps({"id": n, "text": "x" * size}).encode() + b"\n" for n in range(first, last)]


@pytest.fixture
def open_spool(tmp_path):
    """Each is what one process would hold: `release` ends it as a kill does, without a word."""
    queues = []

    def make(max_bytes: int = 64 * MIN_SEGMENT_BYTES, **overflow) -> DiskQueue:
        memory = MemoryQueue(**{"max_events": 100, "max_bytes": 10**6} | overflow)
        queues.append(DiskQueue(tmp_path / "spool", max_bytes=max_bytes, overflow=memory))
        return queues[-1]

    yield make
    for queue in queues:
        queue.forget()


def drain(queue: DiskQueue, *, n: int = 7) -> list[bytes]:
    found: list[bytes] = []
    while batch := queue.take(max_events=n, max_bytes=10**6):
        found += batch.lines
        queue.settle(batch)
    return found


def fill(queue: DiskQueue, some: list[bytes]) -> list[bytes]:
    assert all(queue.put(line) for line in some)
    return some


def test_first_in_first_out_and_the_folder_is_empty_when_all_was_settled(open_spool, tmp_path):
    queue = open_spool()
    put = fill(queue, lines(0, 30))
    assert queue.n_waiting == 30
    assert drain(queue) == put
    assert (queue.n_waiting, queue.n_bytes) == (0, 0)
    queue.close()
    assert list((tmp_path / "spool").iterdir()) == []


def test_what_was_not_settled_comes_again(open_spool):
    queue = open_spool()
    put = fill(queue, lines(0, 10))
    assert queue.take(max_events=4, max_bytes=10**6).lines == put[:4]
    assert queue.take(max_events=4, max_bytes=10**6).lines == put[:4]
    assert drain(queue) == put


def test_a_batch_ends_where_its_bytes_do(open_spool):
    queue = open_spool()
    put = fill(queue, lines(0, 5, size=1000))
    assert queue.take(max_events=100, max_bytes=2 * len(put[0])).lines == put[:2]
    assert queue.take(max_events=100, max_bytes=1).lines == put[:1]


def test_a_living_process_keeps_its_segments_and_a_dead_one_leaves_them(open_spool):
    first = open_spool()
    put = fill(first, lines(0, 10))
    assert drain(open_spool()) == []
    first.forget()
    third = open_spool()
    assert third.n_bytes == sum(map(len, put))
    assert third.n_waiting == 0  # of its own
    assert drain(third) == put
    assert open_spool().n_bytes == 0


def test_the_torn_last_line_of_a_killed_process_is_left_out(open_spool, tmp_path):
    dead = open_spool()
    put = fill(dead, lines(0, 3))
    dead.forget()
    (segment,) = (tmp_path / "spool").iterdir()
    with segment.open("ab") as file:
        file.write(b'{"id": 3, "te')
    heir = open_spool()
    assert drain(heir) == put
    assert (heir.n_bytes, list((tmp_path / "spool").iterdir())) == (0, [])


def test_many_segments_in_the_order_of_the_calls(open_spool, tmp_path):
    queue = open_spool()
    put = fill(queue, lines(0, 30, size=MIN_SEGMENT_BYTES // 8))
    assert len(list((tmp_path / "spool").iterdir())) == 4
    queue.forget()
    assert drain(open_spool(), n=3) == put


def test_a_full_spool_goes_on_in_memory_and_a_full_memory_says_no(open_spool):
    queue = open_spool(max_bytes=100, max_events=2)
    some = lines(0, 5)
    assert [queue.put(line) for line in some] == [True, True, True, True, False]
    assert queue.n_waiting == 4
    assert drain(queue) == some[:4]


def test_a_disk_that_fails_goes_on_in_memory(open_spool, tmp_path):
    queue = open_spool()
    (tmp_path / "spool").rmdir()
    put = fill(queue, lines(0, 3))
    assert drain(queue) == put


def test_threads_write_whole_lines(open_spool):
    queue = open_spool()
    threads = [threading.Thread(target=fill, args=(queue, lines(n * 200, n * 200 + 200, size=n))) for n in range(4)]
    for thread in threads:
        thread.start()
    found = []
    while any(thread.is_alive() for thread in threads) or queue.n_bytes:
        found += drain(queue)
    assert Counter(json.loads(line)["id"] for line in found) == Counter(range(800))


def test_an_outage_that_outlasts_the_process_loses_nothing(connect, server, tmp_path):
    server.script.extend([Refusal(503)] * 1000)
    before = connect(spool=tmp_path / "spool")
    ids = [before.conversation("c-1").received("Hello") for _ in range(20)]
    assert not before.close(0.2)
    assert (before.counts.dropped, before.counts.queued) == (0, 20)
    server.script.clear()

    after = connect(spool=tmp_path / "spool")
    while after._queue.n_bytes:
        threading.Event().wait(0.01)
    assert server.stored == Counter(dict.fromkeys(ids, 1))
    assert after.counts.accepted == 20


def test_a_folder_that_cannot_be_used_is_told_and_memory_serves(connect, server, tmp_path, caplog):
    (tmp_path / "file").touch()
    client = connect(spool=tmp_path / "file")
    event = client.conversation("c-1").closed()
    assert client.flush()
    assert server.stored == {event: 1}
    assert "the spool cannot be used" in caplog.text
