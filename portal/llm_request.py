"""One request to the model through the openai SDK. Only portal/llm.py imports it, when there is something to ask."""

from email.utils import parsedate_to_datetime
from typing import Any

import openai
import pydantic
from django.conf import settings
from django.utils import timezone
from openai.types.chat import ChatCompletionMessageParam

from portal.llm import LlmError, Schema, Usage
from portal.openai_client import make_client
from portal.prompts import RenderedPrompt


def ask(rendered: RenderedPrompt, schema: type[Schema], usage: Usage) -> Schema:
    """One request with the SDK's own bounded retries: 408, 409, 429 (as Retry-After says), 5xx and lost connections."""
    messages: list[ChatCompletionMessageParam] = [
        {"role": "system", "content": rendered.system},
        {"role": "user", "content": rendered.user},
    ]
    temperature = settings.OPENAI_TEMPERATURE
    try:
        with make_client(max_retries=settings.OPENAI_MAX_RETRIES) as client:
            raw = client.chat.completions.with_raw_response.parse(
                model=settings.OPENAI_MODEL,
                messages=messages,
                response_format=schema,
                max_completion_tokens=settings.OPENAI_MAX_OUTPUT_TOKENS,
                temperature=openai.omit if temperature is None else temperature,
            )
            return _read_answer(raw, usage, schema)
    except openai.APIStatusError as error:
        raise _status_error(error) from error
    except openai.APITimeoutError as error:
        raise LlmError("The model did not answer in time.", permanent=False, blocks_others=True) from error
    except openai.APIConnectionError as error:
        raise LlmError("The model could not be reached.", permanent=False, blocks_others=True) from error


def _read_answer(raw: Any, usage: Usage, schema: type[Schema]) -> Schema:
    """Raises LlmError for an answer that is not an instance of the schema: refused, cut off, filtered or unreadable."""
    unreadable = "The model's answer could not be read"
    try:
        body = raw.http_response.json()
        usage.read(body)
        usage.n_retries = raw.retries_taken
        message = raw.parse().choices[0].message
    except openai.LengthFinishReasonError as error:
        raise LlmError("The model's answer was cut off at its length limit.", permanent=True) from error
    except openai.ContentFilterFinishReasonError as error:
        raise LlmError("The provider's content filter stopped the answer.", permanent=True) from error
    except pydantic.ValidationError as error:
        # Only where and how: the values are the model's text and may hold a customer's.
        where = ", ".join(sorted({".".join(map(str, e["loc"])) or e["type"] for e in error.errors()}))
        raise LlmError(f"{unreadable}: {where}.", permanent=False) from None
    except (ValueError, LookupError, TypeError, AttributeError):
        raise LlmError(f"{unreadable}: not a chat completion.", permanent=False) from None
    if message.refusal:
        raise LlmError("The model refused to answer.", permanent=True)
    if not isinstance(message.parsed, schema):
        raise LlmError(f"{unreadable}: it is empty.", permanent=False)
    return message.parsed


def _status_error(error: openai.APIStatusError) -> LlmError:
    """The provider's message is left out: it may quote the prompt or a part of the key."""
    status = error.status_code
    what = f"The model's provider answered {status}" + (f" ({error.code})" if error.code else "")
    if error.code == "insufficient_quota" or status in (401, 403, 404):
        return LlmError(f"{what}. Check the key, the model's name and the account.", permanent=True, blocks_others=True)
    if status in (408, 409, 429) or status >= 500:
        return LlmError(f"{what}.", permanent=False, blocks_others=True, wait_seconds=_named_wait(error))
    return LlmError(f"{what}.", permanent=True)


def _named_wait(error: openai.APIStatusError) -> float | None:
    """Seconds of Retry-After (RFC 9110: a number, or a date)."""
    named = error.response.headers.get("retry-after", "")
    try:
        return max(0.0, float(named))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(named) - timezone.now()).total_seconds())
    except (ValueError, TypeError):
        return None
