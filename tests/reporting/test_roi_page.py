"""The ROI page and its REST twin: the same formula, inputs and sources."""

from decimal import Decimal

import pytest
import time_machine

from portal.models import AuditEntry, CostInputs
from tests.events import Chat, resolved, send
from tests.reporting.conftest import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def two_resolved(merchant):
    """Old enough to be verified, without measured cost: 2 × 8 min at 25.00 an hour − 2 × 0.05 = 6.57."""
    send(merchant, resolved("a", at="2026-11-02T09:00:00+00:00"), resolved("b", at="2026-11-03T09:00:00+00:00"))


FIELDS = ("minutes_per_conversation", "hourly_cost", "ai_cost_per_conversation", "handoff_extra_minutes")


def inputs(**typed: str) -> dict[str, str]:
    return {**dict.fromkeys((*FIELDS, "platform_fee_per_month"), ""), **typed}


def test_the_page_shows_the_formula_with_its_numbers(sign_in, viewer, two_resolved, django_assert_max_num_queries):
    client = sign_in(viewer)
    with django_assert_max_num_queries(15):
        html = client.get("/lumen/roi/").content.decode()

    assert "€6.57" in html
    assert "€6.67" in html  # human baseline
    assert "1.5%" in html  # break-even: 0.05 of 3.33
    assert html.count(">default</span>") >= 5
    assert "disabled" in html  # a viewer reads


def test_an_owner_changes_the_inputs_and_gaps_are_priced_alike(sign_in, owner, merchant, two_resolved):
    answer = sign_in(owner).post("/lumen/roi/?period=90d", inputs(minutes_per_conversation="12", hourly_cost="30"))

    assert (answer.status_code, answer["Location"]) == (302, "/lumen/roi/?period=90d")
    assert CostInputs.costs_of(merchant).human_conversation == Decimal(6)
    html = sign_in(owner).get("/lumen/roi/?period=90d").content.decode()
    assert "€11.90" in html  # 2 × 6.00 − 2 × 0.05
    assert ">typed</span>" in html
    entry = AuditEntry.objects.for_merchant(merchant).get(verb="costs.changed")
    assert entry.detail == {"minutes_per_conversation": "12", "hourly_cost": "30"}


def test_while_typing_the_result_follows_and_nothing_is_saved(sign_in, owner, merchant, two_resolved):
    query = inputs(hourly_cost="60")
    html = sign_in(owner).get("/lumen/roi/", query, headers={"HX-Request": "true"}).content.decode()

    assert "€15.90" in html  # 2 × 8.00 − 0.10
    assert "<html" not in html
    assert "not saved" in html
    assert not CostInputs.objects.exists()


def test_an_input_that_is_no_number_is_said_beside_its_field(sign_in, owner, merchant, two_resolved):
    client = sign_in(owner)
    saved = client.post("/lumen/roi/", inputs(hourly_cost="-3"))
    preview = client.get("/lumen/roi/", inputs(hourly_cost="lots"), headers={"HX-Request": "true"})

    assert saved.status_code == 400
    assert "greater than or equal to 0" in saved.content.decode()
    assert "Enter a number" in preview.content.decode()
    assert not CostInputs.objects.exists()


def test_a_loss_is_shown_as_one(sign_in, viewer, merchant):
    send(merchant, Chat("a", at="2026-11-02T09:00:00+00:00").start().ask().answer(cost=0.5).abandon())
    html = sign_in(viewer).get("/lumen/roi/").content.decode()

    assert "Loss" in html
    assert "the agent cost more than it saved" in html
    assert ">measured</span>" in html


def test_a_viewer_cannot_change_inputs(sign_in, viewer, reviewer, merchant):
    assert sign_in(viewer).post("/lumen/roi/", inputs(hourly_cost="1")).status_code == 403
    assert sign_in(reviewer).post("/lumen/roi/", inputs(hourly_cost="1")).status_code == 403
    assert not CostInputs.objects.exists()


def test_strangers_and_other_methods(sign_in, stranger, viewer, merchant):
    assert sign_in(stranger).get("/lumen/roi/").status_code == 404
    assert sign_in(viewer).delete("/lumen/roi/").status_code == 405


def test_the_api_says_the_same_as_the_page(api, merchant, two_resolved):
    body = api("read").get("/api/v1/roi/").json()

    assert body["savings"] == "6.57"
    assert body["human_baseline"] == "6.67"
    assert body["break_even_rate"] == pytest.approx(0.015)
    assert {row["key"]: row["source"] for row in body["inputs"]}["hourly_cost"] == "default"
    assert sum(Decimal(line["amount"]) for line in body["lines"]) == Decimal("6.57")
    assert api("read").get("/api/v1/roi/?mode=seed").json()["formula"].startswith("savings = resolved ×")


def test_the_api_refuses_a_wrong_period_mode_and_scope(api, merchant):
    assert "period" in api("read").get("/api/v1/roi/?period=fortnight").json()["errors"]
    assert "mode" in api("read").get("/api/v1/roi/?mode=rosy").json()["errors"]
    assert api("ingest").get("/api/v1/roi/").status_code == 403
    assert api("read").post("/api/v1/roi/").status_code == 405
