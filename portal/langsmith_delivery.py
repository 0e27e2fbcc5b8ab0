"""Sends what waits for LangSmith. Apart from portal/langsmith.py, because the SDK takes a second to import.

Sending is synchronous, inside the task: no thread of the SDK can lose runs when a worker process ends.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import requests
from django.conf import settings
from django.db.models import QuerySet
from langsmith import Client
from langsmith.schemas import LangSmithInfo
from langsmith.utils import LangSmithError
from urllib3.util import Retry

from portal.langsmith import is_configured, takes_feedback
from portal.models import LlmCall, RunFeedback

BATCH = 50
MAX_BATCHES = 20
GIVE_UP_AFTER = timedelta(days=7)
TIMEOUT_MS = (3_000, 8_000)
# Answers about the one row; every other failure is about the service, and the rest of the rows would meet it too.
ROW_STATUSES = frozenset({400, 413, 422})


@dataclass(slots=True)
class Sending:
    """What one run of the task did."""

    n_traces: int = 0
    n_feedback: int = 0
    n_given_up: int = 0
    error: str = ""


class _RefusedError(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(f"LangSmith answered {status}")
        self.status = status


@dataclass(slots=True)
class _Outbox:
    """The SDK's client; its batch call reports failures only to a callback, which fills `errors`."""

    client: Client
    errors: list[Exception] = field(default_factory=list)


def send_waiting(*, now: datetime) -> Sending:
    """Sends waiting traces and feedback, oldest first, bounded. Never raises for LangSmith's sake; safe to run twice:
    LangSmith knows the ids that it has and answers 409, which counts as sent."""
    sending = Sending(n_given_up=_give_up(before=now - GIVE_UP_AFTER, now=now))
    if not is_configured():
        return sending
    with _open_outbox() as outbox:
        try:
            sending.n_traces, n_refused = _send_traces(outbox, now)
            sending.n_given_up += n_refused
            if takes_feedback():
                sending.n_feedback, n_refused = _send_feedback(outbox, now)
                sending.n_given_up += n_refused
        except (LangSmithError, requests.RequestException, ValueError) as error:  # ValueError: an unreadable answer
            sending.error = str(error.__cause__) if isinstance(error.__cause__, _RefusedError) else type(error).__name__
    return sending


def _waiting_calls() -> QuerySet[LlmCall]:
    calls: QuerySet[LlmCall] = LlmCall.objects.filter(trace__isnull=False)
    return calls.order_by("created_at", "id")


def _waiting_feedback() -> QuerySet[RunFeedback]:
    rows: QuerySet[RunFeedback] = RunFeedback.objects.filter(sent_at__isnull=True, error="")
    return rows.order_by("created_at", "id")


def _give_up(*, before: datetime, now: datetime) -> int:
    reason = f"not delivered within {GIVE_UP_AFTER.days} days"
    n_traces = _waiting_calls().filter(created_at__lt=before).update(trace=None, trace_error=reason)
    return n_traces + _waiting_feedback().filter(created_at__lt=before).update(error=reason)


def _send_traces(outbox: _Outbox, now: datetime) -> tuple[int, int]:
    n_sent = n_refused = 0
    for _ in range(MAX_BATCHES):
        calls = list(_waiting_calls()[:BATCH])
        if not calls:
            break
        refused = _post_calls(outbox, calls)
        sent = [call.pk for call in calls if call.pk not in refused]
        LlmCall.objects.filter(pk__in=sent).update(trace=None, traced_at=now)
        for pk, reason in refused.items():
            LlmCall.objects.filter(pk=pk).update(trace=None, trace_error=reason)
        n_sent, n_refused = n_sent + len(sent), n_refused + len(refused)
    return n_sent, n_refused


def _post_calls(outbox: _Outbox, calls: list[LlmCall]) -> dict[int, str]:
    """Posts one batch; where LangSmith refuses its content, each call alone. Returns the refused ones' reasons."""
    try:
        _post_runs(outbox, [run for call in calls for run in call.trace or ()])
    except LangSmithError as error:
        cause = error.__cause__
        if not isinstance(cause, _RefusedError) or cause.status not in ROW_STATUSES:
            raise
        if len(calls) == 1:
            return {calls[0].pk: str(cause)}
        refused: dict[int, str] = {}
        for call in calls:
            refused |= _post_calls(outbox, [call])
        return refused
    return {}


def _post_runs(outbox: _Outbox, runs: list[dict[str, Any]]) -> None:
    outbox.errors.clear()
    outbox.client.batch_ingest_runs(create=runs)
    if outbox.errors:
        raise outbox.errors[0]


def _send_feedback(outbox: _Outbox, now: datetime) -> tuple[int, int]:
    n_sent = n_refused = 0
    project = None
    for row in _waiting_feedback()[: BATCH * MAX_BATCHES // 10]:
        project = project or outbox.client.read_project(project_name=settings.LANGSMITH_AGENT_PROJECT)
        try:
            outbox.client.create_feedback(
                run_id=row.run_id,
                key=row.key,
                score=row.score,
                comment=row.source,
                feedback_id=row.id,
                session_id=project.id,
                stop_after_attempt=1,
            )
        except LangSmithError as error:
            cause = error.__cause__
            # 404: the run is not in that project, and will not appear there later.
            if not isinstance(cause, _RefusedError) or cause.status not in ROW_STATUSES | {404}:
                raise
            RunFeedback.objects.filter(pk=row.pk).update(error=str(cause))
            n_refused += 1
        else:
            RunFeedback.objects.filter(pk=row.pk).update(sent_at=now)
            n_sent += 1
    return n_sent, n_refused


@contextmanager
def _open_outbox() -> Iterator[_Outbox]:
    """A client without threads and without long waits: our rows wait, a worker does not."""
    errors: list[Exception] = []
    with requests.Session() as session:
        session.hooks["response"].append(_raise_refusal)
        client = Client(
            api_url=settings.LANGSMITH_ENDPOINT or None,
            api_key=settings.LANGSMITH_API_KEY,
            session=session,
            auto_batch_tracing=False,
            retry_config=Retry(0),
            timeout_ms=TIMEOUT_MS,
            info=LangSmithInfo(),
            tracing_error_callback=errors.append,
            omit_traced_runtime_info=True,
            disable_prompt_cache=True,
        )
        yield _Outbox(client, errors)


def _raise_refusal(response: requests.Response, *args: Any, **kwargs: Any) -> None:
    """The SDK would sleep through a rate limit in the worker (30 s and more). 409: LangSmith has it already."""
    if response.status_code >= 400 and response.status_code != requests.codes.conflict:
        response.content  # noqa: B018 - reads to the end, which hands the connection back
        raise _RefusedError(response.status_code)
