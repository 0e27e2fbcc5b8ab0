"""What a human conversation costs, read and typed over REST."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
import time_machine

from portal.costs import TYPED_NAMES
from portal.models import AuditEntry, CostInputs
from tests.events import resolved, send

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
URL = "/api/v1/roi/inputs/"


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


def told(answer) -> dict[str, tuple[str, str]]:
    assert answer.status_code == 200, answer.content
    return {row["key"]: (row["value"], row["source"]) for row in answer.json()["inputs"]}


def test_defaults_hold_until_something_is_typed(api, merchant):
    inputs = told(api("read").get(URL))
    assert tuple(inputs) == TYPED_NAMES
    assert inputs["hourly_cost"] == ("25.0000", "default")
    assert inputs["minutes_low"] == ("6.4000", "default")


def test_patch_changes_what_it_names_and_put_everything(api, merchant):
    writer = api("settings")
    told(writer.patch(URL, {"hourly_cost": "31.5", "minutes_per_conversation": 7}))
    patched = told(writer.patch(URL, {"minutes_per_conversation": None}))
    assert (patched["hourly_cost"], patched["minutes_per_conversation"]) == (
        ("31.5000", "typed"),
        ("8.0000", "default"),
    )
    put = told(writer.put(URL, {"platform_fee_per_month": "99"}))
    assert (put["hourly_cost"][1], put["platform_fee_per_month"]) == ("default", ("99.0000", "typed"))
    assert CostInputs.costs_of(merchant).platform_fee_per_month.value == Decimal(99)


def test_the_result_follows_and_the_trail_names_the_key(api, merchant):
    send(merchant, resolved("a", at="2026-11-02T09:00:00+00:00"))
    writer = api("settings")
    row = writer.patch(URL, {"hourly_cost": "60"}).json()["inputs"]
    assert {each["key"]: each["typed_by"] for each in row}["hourly_cost"].startswith("test settings (ac_")
    # 8 minutes at 60.00 an hour, less the agent's 0.05.
    assert api("read").get("/api/v1/roi/").json()["savings"] == "7.95"
    entry = AuditEntry.objects.for_merchant(merchant).get(verb="costs.changed")
    assert (entry.actor_name.split()[0], entry.detail) == ("test", {"hourly_cost": "default → 60"})


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"hourly_cost": "-1"}, "hourly_cost"),
        ({"hourly_cost": "lots"}, "hourly_cost"),
        ({"hourly_cost": ""}, "hourly_cost"),
        ({"hourly_cost": " \x1e"}, "hourly_cost"),
        ({"hourly_cost": 31.55}, "hourly_cost"),
        ({"hourly_cost": True}, "hourly_cost"),
        ({"hourly_cost": "1e3"}, "hourly_cost"),
        ({"hourly_cost": 10**30}, "hourly_cost"),
        ({"minutes_per_conversation": 1441}, "minutes_per_conversation"),
        ({"minutes_low": 9}, "minutes_low"),
        ({"wage": 3}, "wage"),
        ([], "non_field_errors"),
    ],
)
def test_what_cannot_be_is_refused_by_name(api, merchant, body, field):
    for answer in (api("settings").patch(URL, body), api("settings").put(URL, body)):
        assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert not CostInputs.objects.exists()


def test_a_put_without_a_body_takes_nothing_back(api, merchant):
    told(api("settings").put(URL, {"hourly_cost": "60"}))
    assert api("settings").put(URL).status_code == 400
    assert told(api("read").get(URL))["hourly_cost"] == ("60.0000", "typed")


def test_a_key_that_reviews_or_reads_changes_nothing(api, merchant):
    for scope in ("read", "review", "ingest"):
        assert api(scope).put(URL, {"hourly_cost": "1"}).status_code == 403
    assert api("settings").get(URL).status_code == 403
    assert api("read").post(URL).status_code == 405


def test_inputs_of_another_merchant_stay_there(api, merchant, other_merchant):
    api("settings", of=other_merchant).put(URL, {"hourly_cost": "1"})
    assert told(api("read").get(URL))["hourly_cost"] == ("25.0000", "default")
