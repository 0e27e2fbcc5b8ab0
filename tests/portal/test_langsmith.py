from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from pydantic import BaseModel

from portal import langsmith, langsmith_delivery, llm
from portal.models import LlmCall, RunFeedback
from portal.prompts import Prompt
from portal.tasks import send_waiting_traces
from tests.stand_ins.http_server import Reply

PROMPT = Prompt("colour", 1, "Name the colour.", "{text}")
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


class Colour(BaseModel):
    name: str


@pytest.fixture
def ask(merchant, openai_server):
    openai_server.answers["Colour"] = {"name": "red"}

    def ask_once(**fields):
        return llm.complete(merchant, PROMPT, schema=Colour, variables={"text": "sky?"}, purpose="test", **fields).call

    return ask_once


def waiting() -> int:
    return LlmCall.objects.filter(trace__isnull=False).count()


def test_a_call_becomes_a_trace_with_its_retrieval_and_its_model_run(ask, langsmith_server):
    call = ask(retrieval=[langsmith.Retrieval(query="sky", results=[{"article_id": "kb-1", "score": 0.9}])])
    assert waiting() == 1
    assert langsmith_server.requests == []
    send_waiting_traces()
    runs = {run["run_type"]: run for run in langsmith_server.runs.values()}
    assert set(runs) == {"chain", "retriever", "llm"}
    root, model = runs["chain"], runs["llm"]
    assert root["id"] == root["trace_id"] == str(call.trace_id)
    assert root["outputs"] == {"name": "red"}
    assert model["parent_run_id"] == runs["retriever"]["parent_run_id"] == root["id"]
    assert model["dotted_order"].startswith(root["dotted_order"] + ".")
    assert model["outputs"]["usage_metadata"]["total_tokens"] == 1200
    assert runs["retriever"]["outputs"]["documents"] == [{"article_id": "kb-1", "score": 0.9}]
    call.refresh_from_db()
    assert call.traced_at is not None
    assert call.trace is None


def test_failures_are_traced_too(ask, openai_server, langsmith_server):
    openai_server.answers["Colour"] = {"name": None}
    with pytest.raises(llm.LlmError):
        ask()
    send_waiting_traces()
    root = next(run for run in langsmith_server.runs.values() if run["run_type"] == "chain")
    assert "could not be read" in root["error"]
    assert root.get("outputs") is None


def test_the_task_twice_sends_once(ask, langsmith_server):
    ask()
    send_waiting_traces()
    send_waiting_traces()
    assert len(langsmith_server.requests) == 1
    assert len(langsmith_server.runs) == 2


def test_what_was_taken_before_a_crash_is_not_sent_as_new(ask, langsmith_server):
    call = ask()
    trace = call.trace
    send_waiting_traces()
    LlmCall.objects.update(trace=trace, traced_at=None)  # the process died before it noted the success
    send_waiting_traces()
    assert waiting() == 0
    assert len(langsmith_server.runs) == 2


def test_switched_off_nothing_is_kept(ask, settings):
    settings.LANGSMITH_API_KEY = ""
    assert ask().trace is None
    assert langsmith_delivery.send_waiting(now=NOW) == langsmith_delivery.Sending()


@pytest.mark.parametrize(
    "reply", [Reply(429, {}, {"Retry-After": "30"}), Reply(500, {}), Reply(503, {}), Reply(401, {})]
)
def test_an_outage_leaves_the_rows_for_a_later_run(ask, langsmith_server, reply):
    calls = [ask() for _ in range(3)]
    langsmith_server.script.append(reply)
    sending = langsmith_delivery.send_waiting(now=NOW)
    assert (sending.n_traces, sending.error) == (0, f"LangSmith answered {reply.status}")
    assert len(langsmith_server.requests) == 1  # no waiting and no hammering inside the worker
    assert waiting() == len(calls)
    assert langsmith_delivery.send_waiting(now=NOW).n_traces == 3
    assert waiting() == 0


def test_an_unreachable_langsmith_is_noticed_by_nobody(ask, langsmith_server, settings):
    settings.LANGSMITH_ENDPOINT = "http://127.0.0.1:9"
    assert ask().error == ""
    send_waiting_traces()
    assert waiting() == 1
    settings.LANGSMITH_ENDPOINT = langsmith_server.origin
    send_waiting_traces()
    assert waiting() == 0


def test_one_refused_trace_does_not_hold_up_the_others(ask, langsmith_server):
    first, second, third = ask(), ask(), ask()
    langsmith_server.script.extend([Reply(422, {}), Reply(202, {}), Reply(422, {}), Reply(202, {})])
    sending = langsmith_delivery.send_waiting(now=NOW)
    assert (sending.n_traces, sending.n_given_up) == (2, 1)
    second.refresh_from_db()
    assert second.trace is None
    assert second.traced_at is None
    assert second.trace_error == "LangSmith answered 422"
    assert set(LlmCall.objects.exclude(traced_at=None)) == {first, third}


def test_old_rows_are_given_up_with_a_reason(ask, merchant, langsmith_server):
    call = ask()
    feedback = RunFeedback.objects.create(merchant=merchant, run_id=uuid4(), key="quality", source="x", score=1)
    for model in (LlmCall, RunFeedback):
        model.objects.update(created_at=NOW - langsmith_delivery.GIVE_UP_AFTER - timedelta(seconds=1))
    assert langsmith_delivery.send_waiting(now=NOW).n_given_up == 2
    call.refresh_from_db()
    feedback.refresh_from_db()
    assert call.trace_error == feedback.error == "not delivered within 7 days"
    assert langsmith_server.requests == []


def test_feedback_reaches_the_agents_runs_once(merchant, langsmith_server):
    rows = [
        RunFeedback.objects.create(merchant=merchant, run_id=uuid4(), key=key, source="local-1", score=0.25)
        for key in ("quality", "politeness")
    ]
    langsmith_server.script.append(Reply(500, {}))
    assert langsmith_delivery.send_waiting(now=NOW).error == "LangSmith answered 500"
    assert langsmith_delivery.send_waiting(now=NOW).n_feedback == 2
    assert langsmith_delivery.send_waiting(now=NOW).n_feedback == 0
    assert set(langsmith_server.feedback) == {str(row.id) for row in rows}
    sent = langsmith_server.feedback[str(rows[0].id)]
    assert (sent["run_id"], sent["key"], sent["score"]) == (str(rows[0].run_id), "quality", 0.25)
    assert sent["session_id"]


def test_feedback_on_a_run_that_langsmith_does_not_know_is_given_up(merchant, langsmith_server):
    row = RunFeedback.objects.create(merchant=merchant, run_id=uuid4(), key="quality", source="x", score=1)
    langsmith_server.script.extend([langsmith_server.project("agent"), Reply(404, {})])
    assert langsmith_delivery.send_waiting(now=NOW).n_given_up == 1
    row.refresh_from_db()
    assert row.error == "LangSmith answered 404"
