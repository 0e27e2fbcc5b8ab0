"""Forked and killed agents before a real portal that stands behind a bad network: each event counts exactly once."""

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from analytics.models import Event, Message
from portal.models import ApiKey, Scope
from tests.stand_ins.events_server import EventsServer, Refusal, Rude

AGENT = Path(__file__).with_name("agent.py")
EXAMPLES = AGENT.parents[2] / "examples"
NETWORK = [Rude.RESET, Rude.RESET_AFTER_STORING, Rude.HALF_AN_ANSWER, Refusal(503), Refusal(429, {"Retry-After": "0"})]


@pytest.fixture
def start_agent():
    """`start_agent(url, key, n, …)` → the process; it and its forks end with the test."""
    agents: list[subprocess.Popen[str]] = []

    def start(*arguments: object) -> "subprocess.Popen[str]":
        command = [sys.executable, str(AGENT), *map(str, arguments)]
        environment = {**os.environ, "PYTHONPATH": str(EXAMPLES)}
        agents.append(
            subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True)
        )
        return agents[-1]

    yield start
    for agent in agents:
        with suppress(ProcessLookupError):
            os.killpg(agent.pid, signal.SIGKILL)
        agent.wait()
        agent.stdout.close()


@pytest.mark.parametrize("with_spool", [False, True])
def test_forked_processes_send_their_own_events_and_only_those(server, start_agent, tmp_path, with_spool):
    spool = ["--spool", tmp_path / "spool"] if with_spool else []
    server.script.extend([Refusal(503)] * 2)  # what the parent recorded still waits when it forks
    agent = start_agent(server.url, "ac_key", 40, "--forks", 3, *spool)
    ids = agent.communicate(timeout=30)[0].split()
    assert agent.returncode == 0
    assert len(ids) == 160
    assert server.stored == Counter(dict.fromkeys(ids, 1))
    assert not with_spool or list((tmp_path / "spool").iterdir()) == []


@pytest.mark.django_db(transaction=True)
def test_a_killed_agent_loses_nothing_and_the_portal_counts_each_event_once(
    merchant, live_server, start_agent, tmp_path
):
    _row, key = ApiKey.create(merchant, name="agent", scopes=[Scope.INGEST])
    network = EventsServer(forward_to=live_server.url).start()
    network.script.extend(random.Random(3).choices(NETWORK, k=30))
    recorded: list[str] = []
    try:
        for _life in range(2):
            agent = start_agent(network.url, key, 0, "--forever", "--spool", tmp_path / "spool")
            recorded += [agent.stdout.readline().strip() for _ in range(300)]
            agent.kill()
            recorded += [line for line in agent.communicate()[0].split("\n") if len(line) == 36]
        network.script.append(Rude.RESET)
        agent = start_agent(network.url, key, 10, "--spool", tmp_path / "spool")
        recorded += agent.communicate(timeout=30)[0].split()
        assert agent.returncode == 0
    finally:
        network.stop()

    stored = [str(each) for each in Event.objects.for_merchant(merchant).values_list("id", flat=True)]
    assert len(stored) == len(set(stored))
    # Of each killed life one event may be stored whose id was not printed any more.
    assert set(recorded) <= set(stored)
    assert len(stored) <= len(recorded) + 2
    assert Message.objects.for_merchant(merchant).count() == len(stored)
    assert list((tmp_path / "spool").iterdir()) == []
