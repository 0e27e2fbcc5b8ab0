"""Optional traces in LangSmith. What is to be sent waits in our rows; nothing else notices when LangSmith is away."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings

from portal.models import LlmCall
from portal.prompts import RenderedPrompt


@dataclass(frozen=True, slots=True)
class Retrieval:
    """A look-up in the knowledge base that fed a prompt; `results` are plain JSON values."""

    query: str
    results: Sequence[dict[str, Any]]


def is_configured() -> bool:
    return bool(settings.LANGSMITH_API_KEY)


def takes_feedback() -> bool:
    """Feedback needs the project in which the agent's own runs are; LangSmith does not find a run without it."""
    return is_configured() and bool(settings.LANGSMITH_AGENT_PROJECT)


def build_trace(
    call: LlmCall,
    rendered: RenderedPrompt,
    *,
    output: dict[str, Any] | None,
    started_at: datetime,
    ended_at: datetime,
    retrieval: Sequence[Retrieval] = (),
) -> list[dict[str, Any]]:
    """The runs of one call as LangSmith's batch endpoint takes them: a chain of retrievals and the model's run."""
    root = {
        **_run(call.purpose, "chain", call.trace_id or uuid4(), None, started_at, ended_at),
        "inputs": {"prompt_version": call.prompt_version, "input_hash": call.input_hash},
        "outputs": output,
        "error": call.error or None,
        "tags": [call.prompt_version],
    }
    retrievers = [
        {
            **_run("knowledge", "retriever", uuid4(), root, started_at, started_at),
            "inputs": {"query": item.query},
            "outputs": {"documents": list(item.results)},
        }
        for item in retrieval
    ]
    model = {
        **_run(call.model, "llm", uuid4(), root, started_at, ended_at),
        "inputs": {
            "messages": [{"role": "system", "content": rendered.system}, {"role": "user", "content": rendered.user}]
        },
        "outputs": output
        and {
            **output,
            "usage_metadata": {
                "input_tokens": call.input_tokens,
                "output_tokens": call.output_tokens,
                "total_tokens": call.input_tokens + call.output_tokens,
            },
        },
        "error": call.error or None,
        "extra": {"metadata": {"ls_provider": "openai", "ls_model_name": call.model, "n_retries": call.n_retries}},
    }
    return [root, *retrievers, model]


def _run(
    name: str, run_type: str, run_id: UUID, parent: dict[str, Any] | None, started_at: datetime, ended_at: datetime
) -> dict[str, Any]:
    order = f"{started_at.astimezone(UTC):%Y%m%dT%H%M%S%fZ}{run_id}"
    return {
        "id": str(run_id),
        "trace_id": parent["trace_id"] if parent else str(run_id),
        "parent_run_id": parent["id"] if parent else None,
        "dotted_order": f"{parent['dotted_order']}.{order}" if parent else order,
        "name": name,
        "run_type": run_type,
        "start_time": started_at.isoformat(),
        "end_time": ended_at.isoformat(),
        "session_name": settings.LANGSMITH_PROJECT,
    }
