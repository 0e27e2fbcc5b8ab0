from dataclasses import replace

import pytest

from aftercare_client import Aftercare, Limits
from tests.stand_ins.events_server import EventsServer

IMPATIENT = Limits(
    linger_seconds=0.02,
    timeout_seconds=0.5,
    close_seconds=5,
    shortest_pause_seconds=0.005,
    longest_pause_seconds=0.02,
)


@pytest.fixture
def server():
    server = EventsServer().start()
    yield server
    server.stop()


@pytest.fixture
def connect(server):
    """`connect(batch_events=3, spool=…)` → a client of `server`, closed after the test. `url` and `key` as well."""
    clients = []

    def make(url=None, *, key="ac_test", spool=None, on_rejected=None, **limits) -> Aftercare:
        client = Aftercare(
            url or server.url, key, spool=spool, on_rejected=on_rejected, limits=replace(IMPATIENT, **limits)
        )
        clients.append(client)
        return client

    yield make
    server.release.set()
    for client in clients:
        client.close(2)
