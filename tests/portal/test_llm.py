import logging
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import time_machine
from pydantic import BaseModel, Field

from portal import llm
from portal.models import LlmCall
from portal.prompts import Prompt
from tests.stand_ins.http_server import Reply
from tests.stand_ins.openai_server import completion, error

PROMPT = Prompt("colour", 1, "Name the colour.", "{text}")
SECRET = "my name is Ada Lovelace"
pytestmark = pytest.mark.django_db


class Colour(BaseModel):
    name: str
    share: float = Field(ge=0, le=1)


def ask(merchant):
    return llm.complete(merchant, PROMPT, schema=Colour, variables={"text": SECRET}, purpose="test")


def failure(merchant) -> llm.LlmError:
    with pytest.raises(llm.LlmError) as caught:
        ask(merchant)
    return caught.value


@pytest.fixture
def colours(openai_server):
    openai_server.answers["Colour"] = {"name": "red", "share": 0.5}
    return openai_server


def test_an_answer_is_an_instance_of_the_schema_and_one_row(merchant, colours):
    done = ask(merchant)
    assert done.value == Colour(name="red", share=0.5)
    call = LlmCall.objects.get()
    assert call == done.call
    assert (call.purpose, call.prompt_version, call.model) == ("test", PROMPT.label, colours.model)
    assert (call.input_tokens, call.output_tokens, call.error, call.n_retries) == (1000, 200, "", 0)
    assert call.cost == Decimal("0.000270")  # 1,000 × 0.15 + 200 × 0.60 USD per million
    assert call.input_hash == PROMPT.render({"text": SECRET}).sha256
    body = colours.requests[0].body
    assert body["response_format"]["json_schema"]["strict"] is True
    assert SECRET not in body["messages"][0]["content"]


def test_a_rate_limit_is_waited_out_as_long_as_retry_after_says(merchant, colours):
    colours.script.extend([error(429, "rate_limit_exceeded", Retry_After_ms="300"), error(500, "server_error")])
    done = ask(merchant)
    assert done.call.n_retries == 2
    assert done.call.latency_ms >= 300
    assert len(colours.requests) == 3
    assert LlmCall.objects.count() == 1


def test_a_rate_limit_of_minutes_is_not_waited_out(merchant, colours):
    colours.script.append(error(429, "rate_limit_exceeded", Retry_After="3600"))
    problem = failure(merchant)
    assert (problem.permanent, problem.blocks_others) == (False, True)
    assert len(colours.requests) == 1


def test_retries_are_bounded(merchant, colours):
    colours.script.extend([error(503, "overloaded", Retry_After_ms="1")] * 9)
    problem = failure(merchant)
    assert not problem.permanent
    assert "503" in str(problem)
    assert len(colours.requests) == 3
    assert LlmCall.objects.get().error == str(problem)


@pytest.mark.parametrize(
    ("reply", "says", "blocks_others"),
    [
        (error(401, "invalid_api_key"), "401 (invalid_api_key)", True),
        (error(403, "forbidden"), "403", True),
        (error(404, "model_not_found"), "model_not_found", True),
        (error(400, "context_length_exceeded"), "context_length_exceeded", False),
        (error(422, "unprocessable"), "422", False),
        (completion(None, refusal="I will not"), "refused", False),
        (completion('{"name": "re', finish_reason="length"), "cut off", False),
        (completion(None, finish_reason="content_filter"), "content filter", False),
    ],
)
def test_permanent_failures_are_recorded_and_not_retried(merchant, colours, reply, says, blocks_others):
    colours.script.append(reply)
    problem = failure(merchant)
    assert (problem.permanent, problem.blocks_others) == (True, blocks_others)
    assert says in str(problem)
    assert len(colours.requests) == 1
    assert LlmCall.objects.get().error == str(problem)


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (completion("certainly! {name: red"), "could not be read"),
        (completion('{"name": "red"}'), "share"),
        (completion('{"name": "red", "share": 7}'), "share"),
        (completion(""), "could not be read"),
        (Reply(body=b"<html>gateway</html>", headers={"Content-Type": "text/html"}), "not a chat completion"),
        (Reply(body={"choices": []}), "not a chat completion"),
        (Reply(body=["?"]), "not a chat completion"),
    ],
)
def test_an_unreadable_answer_is_a_failure_never_a_value(merchant, colours, reply, says):
    colours.script.append(reply)
    problem = failure(merchant)
    assert not problem.permanent
    assert not problem.blocks_others
    assert says in str(problem)
    assert LlmCall.objects.get().error == str(problem)


def test_tokens_of_an_unreadable_answer_are_paid_and_counted(merchant, colours):
    colours.script.append(completion("nonsense", output_tokens=1_000_000, input_tokens=0))
    failure(merchant)
    assert LlmCall.objects.get().cost == Decimal("0.60")


def test_a_slow_model_is_a_failure_that_may_be_tried_again(merchant, colours, settings):
    settings.OPENAI_TIMEOUT_SECONDS, settings.OPENAI_MAX_RETRIES = 0.2, 0
    colours.script.append(completion("{}", wait_seconds=0.6))
    problem = failure(merchant)
    assert not problem.permanent
    assert "in time" in str(problem)


def test_an_unreachable_model_is_a_failure_that_may_be_tried_again(merchant, settings):
    settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = "sk-x", "http://127.0.0.1:9/v1"
    settings.OPENAI_MAX_RETRIES = 0
    problem = failure(merchant)
    assert (problem.permanent, problem.blocks_others) == (False, True)
    assert LlmCall.objects.get().cost is None


def test_without_a_key_no_call_is_made(merchant, settings):
    settings.OPENAI_API_KEY = ""
    assert not llm.is_configured()
    assert failure(merchant).permanent
    assert not LlmCall.objects.exists()


def test_the_monthly_budget_stops_calls_and_says_so(merchant, other_merchant, colours):
    merchant.monthly_llm_budget = Decimal("0.0003")
    ask(merchant)
    ask(merchant)  # 0.00027 of 0.0003 were spent
    problem = failure(merchant)
    assert problem.permanent
    assert "budget" in str(problem)
    assert len(colours.requests) == 2
    assert ask(other_merchant).value.name == "red"


def test_a_month_of_the_merchants_zone_begins_the_budget_anew(merchant, colours):
    merchant.monthly_llm_budget = Decimal("0.0001")
    with time_machine.travel(datetime(2026, 10, 31, 22, 30, tzinfo=UTC), tick=False):  # 23:30 in Berlin
        ask(merchant)
        assert not llm.has_budget(merchant)
    with time_machine.travel(datetime(2026, 10, 31, 23, 30, tzinfo=UTC), tick=False):  # 00:30 on 1 November
        assert llm.has_budget(merchant)


def test_the_cost_of_an_unknown_model_is_unknown_unless_configured(merchant, colours, settings):
    colours.model = "house-model-7b"
    assert ask(merchant).call.cost is None
    settings.OPENAI_INPUT_PRICE, settings.OPENAI_OUTPUT_PRICE = "1", "10"
    assert ask(merchant).call.cost == Decimal("0.003")


def test_neither_customer_text_nor_key_is_logged_or_stored(merchant, colours, caplog, settings):
    settings.OPENAI_API_KEY = "sk-very-secret"
    caplog.set_level(logging.INFO)
    for reply in (error(400, "bad"), completion(f'{{"name": "{SECRET}", "share": "{SECRET}"}}'), error(500, "down")):
        colours.script.append(reply)
    failure(merchant)
    failure(merchant)
    ask(merchant)
    rows = " ".join(LlmCall.objects.values_list("error", flat=True))
    for text in (rows, caplog.text):
        assert "Ada" not in text
        assert "very-secret" not in text
        assert "the provider's words" not in text
    assert not LlmCall.objects.filter(trace__isnull=False).exists()


def test_a_model_without_a_price_is_warned_about(settings, colours):
    from portal.checks import model_has_a_price

    assert model_has_a_price(None) == []
    settings.OPENAI_MODEL = "house-model-7b"
    assert [message.id for message in model_has_a_price(None)] == ["portal.W004"]
    settings.OPENAI_INPUT_PRICE = settings.OPENAI_OUTPUT_PRICE = "0"
    assert model_has_a_price(None) == []
