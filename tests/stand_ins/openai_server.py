"""OpenAI's chat completions (structured outputs) and embeddings, as far as the SDK's client sees them."""

import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.stand_ins.http_server import Reply, Request, StandIn

Answer = dict[str, Any] | Callable[[str], dict[str, Any]]


class OpenAIServer(StandIn):
    """`answers[schema name]`: what a call with that schema gets: a dict, or a function of the user message.

    The schema's name is the name of the pydantic class, such as `Judgement`.
    """

    model = "gpt-4o-mini-2024-07-18"

    def __init__(self) -> None:
        super().__init__()
        self.answers: dict[str, Answer] = {}

    @property
    def base_url(self) -> str:
        return f"{self.origin}/v1"

    @property
    def user_messages(self) -> list[str]:
        return [request.body["messages"][-1]["content"] for request in self.requests if "messages" in request.body]

    def reply_to(self, request: Request) -> Reply:
        if request.path == "/v1/embeddings":
            return self._embeddings(request.body)
        if request.path != "/v1/chat/completions":
            return error(404, "not_found")
        name = request.body["response_format"]["json_schema"]["name"]
        if name not in self.answers:
            return error(400, f"no_answer_for_{name}")
        answer = self.answers[name]
        value = answer(request.body["messages"][-1]["content"]) if callable(answer) else answer
        return completion(json.dumps(value), model=self.model)

    def _embeddings(self, body: dict[str, Any]) -> Reply:
        """One direction per text: equal texts have equal vectors, different texts nearly orthogonal ones."""
        rows = []
        for index, text in enumerate([body["input"]] if isinstance(body["input"], str) else body["input"]):
            seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
            vector = np.random.default_rng(seed).standard_normal(body.get("dimensions", 1536)).astype(np.float32)
            vector /= np.linalg.norm(vector)
            as_text = body.get("encoding_format") == "base64"
            value = base64.b64encode(vector.tobytes()).decode() if as_text else vector.tolist()
            rows.append({"object": "embedding", "index": index, "embedding": value})
        usage = {"prompt_tokens": len(rows), "total_tokens": len(rows)}
        return Reply(body={"object": "list", "data": rows, "model": body["model"], "usage": usage})


def completion(
    content: str | None,
    *,
    finish_reason: str = "stop",
    refusal: str | None = None,
    model: str = OpenAIServer.model,
    input_tokens: int = 1_000,
    output_tokens: int = 200,
    wait_seconds: float = 0,
) -> Reply:
    message = {"role": "assistant", "content": content, "refusal": refusal}
    return Reply(
        body={
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1_760_000_000,
            "model": model,
            "choices": [{"index": 0, "message": message, "finish_reason": finish_reason, "logprobs": None}],
            "usage": {
                "prompt_tokens": input_tokens,
                "completion_tokens": output_tokens,
                "total_tokens": input_tokens + output_tokens,
            },
        },
        wait_seconds=wait_seconds,
    )


def error(status: int, code: str, **headers: str) -> Reply:
    """`Retry_After="1"` becomes the header Retry-After."""
    body = {"error": {"message": "the provider's words", "type": code, "code": code, "param": None}}
    return Reply(status, body, {name.replace("_", "-"): value for name, value in headers.items()})
