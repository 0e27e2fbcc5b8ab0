"""The API does what its OpenAPI says: schemathesis tells it apart by itself, with questions right and wrong.

`SCHEMATHESIS_EXAMPLES=500` asks longer, and every parameter at its limits and beside them.
"""

import os
import re
import traceback
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema
from hypothesis import HealthCheck, Phase, settings
from schemathesis.generation.hypothesis.builder import HypothesisTestConfig, HypothesisTestMode, create_test
from schemathesis.specs.openapi.checks import ignored_auth, negative_data_rejection, positive_data_acceptance

from analytics.models import Conversation
from portal.models import ApiKey, Scope
from tests.events import Chat, escalated, resolved, send
from tests.test_sweep import FOREIGN

ASKED_LONGER = os.environ.get("SCHEMATHESIS_EXAMPLES", "")
N_EXAMPLES = int(ASKED_LONGER or "10")
ACROSS_FIELDS = {"period", "on", "from", "to", "step", "topic", "comment", "minutes_low", "minutes_high", "labels"}
NO_TEXT = "Null characters|may not be blank"
PHASES = list(HypothesisTestMode) if ASKED_LONGER else [HypothesisTestMode.EXAMPLES, HypothesisTestMode.FUZZING]
NO_LIMITS = ("API_REQUESTS_PER_KEY", "API_REQUESTS_PER_MERCHANT", "INGEST_REQUESTS_PER_KEY")


@pytest.fixture
def ids(merchant) -> dict[str, Any]:
    """A merchant that has a little of everything, by the names that the addresses give to ids."""
    send(merchant, resolved("a"), escalated("b"), Chat("c", channel="email").start("ann").ask().answer().rate(5))
    made = {name: FOREIGN[name](merchant) for name in ("draft_id", "external_id", "gap_id")}
    told = Conversation.objects.get(thread="a")
    return {**made, "conversation_id": told.pk, "id": FOREIGN["report.pk"](merchant)}


@pytest.fixture(autouse=True)
def _one_connection():
    """As Django's own test client does: the end of a request must not close the connection of the test."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.parametrize("scope", Scope)
def test_every_answer_is_one_that_is_documented(scope, merchant, ids, settings):
    """Of the operations that this scope opens, asked what they understand and what they do not."""
    for name in NO_LIMITS:
        setattr(settings, name, 0)
    _row, key = ApiKey.create(merchant, name="all", scopes=[scope])
    schema = schemathesis.openapi.from_wsgi("/api/schema/", get_wsgi_application())
    found = {}
    for operation in (each.ok() for each in schema.get_all_operations()):
        if f"Scope of the key: `{scope}`" in operation.definition.raw["description"]:
            try:
                explore(schema, operation, key, ids)
            except Exception as error:
                found[operation.label] = "".join(traceback.format_exception(error, chain=False))
    assert not found, "\n\n".join(f"{label}\n{problem}" for label, problem in found.items())


def is_across_fields(answer) -> bool:
    """For a rule that OpenAPI has no words for: about two fields, about what exists, about NUL and blanks in a text."""
    if answer.status_code == 412:
        return True
    errors = answer.json().get("errors", {"": ""}) if answer.status_code == 400 else {"": ""}
    return all(name in ACROSS_FIELDS or re.search(NO_TEXT, str(told)) for name, told in errors.items())


def explore(schema, operation, key: str, ids: dict[str, Any]) -> None:
    # In process nobody unpacks what the middleware packs.
    headers = {"Authorization": f"Bearer {key}", "Accept-Encoding": "identity"}

    def ask(case) -> None:
        judge(case, case.call(headers=headers), [])
        if case.path_parameters:
            case.path_parameters = {name: ids[name] for name in case.path_parameters}
            judge(case, case.call(headers=headers), [negative_data_rejection, ignored_auth])

    def judge(case, answer, excluded: list[Any]) -> None:
        if is_across_fields(answer):
            excluded = [*excluded, positive_data_acceptance]
        case.validate_response(answer, excluded_checks=excluded, headers=headers)

    quick = settings(
        max_examples=N_EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )
    plan = HypothesisTestConfig(project=schema.config, modes=PHASES, settings=quick)
    create_test(operation=operation, test_func=ask, config=plan)()


def test_the_schema_is_whole():
    """No part of it had to be guessed, and each operation says who it is and which errors it answers with."""
    GENERATOR_STATS.reset()
    with GENERATOR_STATS.silence():
        schema = SchemaGenerator().get_schema(public=True)
    validate_schema(schema)
    assert (dict(GENERATOR_STATS._warn_cache), dict(GENERATOR_STATS._error_cache)) == ({}, {})
    operations = [each for path in schema["paths"].values() for each in path.values()]
    assert len(operations) > 25
    for operation in operations:
        assert operation["summary"]
        assert "Scope of the key" in operation["description"]
        assert operation["security"] == [{"apiKey": []}]
        for code, answer in operation["responses"].items():
            assert code < "400" or list(answer["content"]) == ["application/problem+json"]
    ids = [operation["operationId"] for operation in operations]
    assert len(ids) == len(set(ids))
