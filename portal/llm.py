"""The only way to a language model; the request itself is in llm_request.py.

Neither customer text nor keys are ever logged or stored in an error: errors carry status codes and field names.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, TypeVar
from uuid import uuid4

import pydantic
from django.conf import settings
from django.db.models import Sum
from django.utils import timezone

from portal import langsmith
from portal.models import LlmCall, Merchant
from portal.prices import find_cost
from portal.prompts import Prompt

Schema = TypeVar("Schema", bound=pydantic.BaseModel)


class LlmError(Exception):
    """`permanent`: the same call will fail again. `blocks_others`: so will every other call for now, or for the
    `wait_seconds` that the provider named."""

    def __init__(
        self, message: str, *, permanent: bool, blocks_others: bool = False, wait_seconds: float | None = None
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.blocks_others = blocks_others
        self.wait_seconds = wait_seconds


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
class Usage:
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
    from portal.llm_request import ask  # noqa: PLC0415 - the SDK takes a second that no start of a process need pay

    rendered = prompt.render(variables)
    call = LlmCall(
        merchant=merchant,
        purpose=purpose,
        prompt_version=prompt.label,
        input_hash=rendered.sha256,
        trace_id=uuid4(),
    )
    usage = Usage(model=settings.OPENAI_MODEL)
    started_at, started = timezone.now(), time.monotonic()
    value: Schema | None = None
    try:
        value = ask(rendered, schema, usage)
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
