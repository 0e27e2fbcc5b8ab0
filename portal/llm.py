"""The only module that talks to a language model.

Neither customer text nor keys are ever logged or stored in an error: errors carry status codes and field names.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, TypeVar
from uuid import uuid4

import openai
import pydantic
from django.conf import settings
from django.db.models import Sum
from django.utils import timezone
from openai.types.chat import ChatCompletionMessageParam

from portal import langsmith
from portal.models import LlmCall, Merchant
from portal.prices import find_cost
from portal.prompts import Prompt, RenderedPrompt

Schema = TypeVar("Schema", bound=pydantic.BaseModel)


class LlmError(Exception):
    """`permanent`: the same call will fail again. `blocks_others`: so will every other call for now."""

    def __init__(self, message: str, *, permanent: bool, blocks_others: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.blocks_others = blocks_others


class BudgetSpentError(LlmError):
    def __init__(self, merchant: Merchant) -> None:
        super().__init__(
            f"The monthly model budget of {merchant.monthly_llm_budget:.2f} USD is spent.",
            permanent=True,
            blocks_others=True,
        )


@dataclass(frozen=True, slots=True)
class Completion(Generic[Schema]):
    value: Schema
    call: LlmCall


@dataclass(slots=True)
class _Usage:
    """What the answer says about itself; also known of answers that could not be read."""

    model: str
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    is_known: bool = False
    n_retries: int = 0

    def read(self, body: dict[str, Any]) -> None:
        usage = body.get("usage") or {}
        self.model = body.get("model") or self.model
        self.is_known = "prompt_tokens" in usage
        self.input_tokens = usage.get("prompt_tokens") or 0
        self.output_tokens = usage.get("completion_tokens") or 0
        self.cached_tokens = (usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0

    @property
    def cost(self) -> Decimal | None:
        if not self.is_known:
            return None
        return find_cost(
            self.model,
            input_tokens=self.input_tokens,
            cached_tokens=self.cached_tokens,
            output_tokens=self.output_tokens,
        )


def is_configured() -> bool:
    return bool(settings.OPENAI_API_KEY)


def spent_this_month(merchant: Merchant) -> Decimal:
    """USD of the calls since the first of the month in the merchant's zone. Calls of unknown cost add nothing."""
    month_start = timezone.localtime(timezone=merchant.zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    calls = LlmCall.objects.for_merchant(merchant).filter(created_at__gte=month_start)
    return calls.aggregate(total=Sum("cost"))["total"] or Decimal(0)


def has_budget(merchant: Merchant) -> bool:
    return spent_this_month(merchant) < merchant.monthly_llm_budget


def complete(
    merchant: Merchant,
    prompt: Prompt,
    *,
    schema: type[Schema],
    variables: dict[str, str],
    purpose: str,
    retrieval: Sequence[langsmith.Retrieval] = (),
) -> Completion[Schema]:
    """The model's answer as an instance of `schema`. Stores one LlmCall, also of a failure, which raises LlmError.

    Call it outside a transaction: a roll-back would lose the record of money spent.
    """
    if not is_configured():
        raise LlmError("No language model is configured.", permanent=True, blocks_others=True)
    if not has_budget(merchant):
        raise BudgetSpentError(merchant)
    rendered = prompt.render(variables)
    call = LlmCall(
        merchant=merchant,
        purpose=purpose,
        prompt_version=prompt.label,
        input_hash=rendered.sha256,
        trace_id=uuid4(),
    )
    usage = _Usage(model=settings.OPENAI_MODEL)
    started_at, started = timezone.now(), time.monotonic()
    value: Schema | None = None
    try:
        value = _ask(rendered, schema, usage)
    except LlmError as error:
        call.error = str(error)[:300]
        raise
    finally:
        call.latency_ms = round((time.monotonic() - started) * 1000)
        call.model, call.cost, call.n_retries = usage.model[:80], usage.cost, usage.n_retries
        call.input_tokens, call.output_tokens = usage.input_tokens, usage.output_tokens
        if langsmith.is_configured():
            output = value.model_dump(mode="json") if value is not None else None
            call.trace = langsmith.build_trace(
                call, rendered, output=output, started_at=started_at, ended_at=timezone.now(), retrieval=retrieval
            )
        call.save()
    return Completion(value, call)


def _ask(rendered: RenderedPrompt, schema: type[Schema], usage: _Usage) -> Schema:
    """One request with the SDK's own bounded retries: 408, 409, 429 (as Retry-After says), 5xx and lost connections."""
    messages: list[ChatCompletionMessageParam] = [
        {"role": "system", "content": rendered.system},
        {"role": "user", "content": rendered.user},
    ]
    temperature = settings.OPENAI_TEMPERATURE
    try:
        with _client() as client:
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


def _client() -> openai.OpenAI:
    return openai.OpenAI(
        api_key=settings.OPENAI_API_KEY,
        base_url=settings.OPENAI_BASE_URL or None,
        timeout=settings.OPENAI_TIMEOUT_SECONDS,
        max_retries=settings.OPENAI_MAX_RETRIES,
    )


def _read_answer(raw: Any, usage: _Usage, schema: type[Schema]) -> Schema:
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
        return LlmError(f"{what}.", permanent=False, blocks_others=True)
    return LlmError(f"{what}.", permanent=True)
