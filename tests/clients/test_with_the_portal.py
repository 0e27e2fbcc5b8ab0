"""What the client and the example send is what the portal counts."""

import os
import subprocess
import sys

import pytest

from analytics.models import Conversation, Event, EventType, Message
from portal.models import ApiKey, Scope
from tests.clients.test_processes import EXAMPLES

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def key(merchant) -> str:
    return ApiKey.create(merchant, name="agent", scopes=[Scope.INGEST])[1]


def test_every_method_is_an_event_of_the_contract(merchant, live_server, key, connect):
    rejected = []
    client = connect(live_server.url, key=key, on_rejected=rejected.append, timeout_seconds=10)
    chat = client.conversation("c-1", channel="email")
    chat.started(customer_id="ann", language="en", agent_version="7", is_test=False)
    chat.received("Where is my order?")
    chat.retrieved("order", [("kb-1", 0.5), "kb-2", {"article_id": "kb-3", "score": 0.25}])
    chat.sent(
        "On its way.", latency_ms=840.4, confidence=0.9, model="m", input_tokens=7, output_tokens=8, cost=0.002,
        sources=[("kb-1", 0.5)], trace_id="t-1",
    )  # fmt: skip
    chat.clicked("kb-1")
    chat.resolved(confirmed=True)
    chat.abandoned()
    chat.reopened()
    chat.handed_off("customer_request")
    chat.teammate_replied("I am here.")
    chat.closed()
    chat.rated(5, comment="Thanks")
    assert client.flush(20)
    assert rejected == []
    assert client.counts.accepted == len(EventType)
    assert set(Event.objects.values_list("type", flat=True)) == set(EventType)
    assert Message.objects.for_merchant(merchant).filter(text="On its way.", latency_ms=840, confidence=0.9).exists()
    (retrieved,) = Event.objects.for_merchant(merchant).filter(type="knowledge.retrieved")
    assert [each["article_id"] for each in retrieved.data["results"]] == ["kb-1", "kb-2", "kb-3"]


def test_a_revoked_key_is_told_and_costs_nothing(merchant, live_server, key, connect, caplog):
    from django.utils import timezone

    ApiKey.objects.get().revoke(by=None, at=timezone.now())
    client = connect(live_server.url, key=key, timeout_seconds=10)
    client.conversation("c-1").received("Hello")
    assert not client.flush(0.5)
    assert client.counts.queued == 1
    assert not client.close(0.1)
    assert "401: This API key is unknown or revoked" in caplog.text
    assert key not in caplog.text


def test_the_example(merchant, live_server, key, tmp_path):
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "support_agent.py")],
        env={**os.environ, "AFTERCARE_URL": live_server.url, "AFTERCARE_KEY": key},
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert "accepted=15" in done.stdout, done.stdout + done.stderr
    found = Conversation.objects.for_merchant(merchant)
    assert sorted(found.values_list("outcome", "handoff_reason")) == [
        ("open", ""),
        ("open", "missing_knowledge"),
        ("resolved", ""),
    ]
